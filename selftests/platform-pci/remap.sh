#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 900
#: modules nvme e1000e e1000
# Emulated devices whose interrupts come by event channel: an NVMe disk, an e1000e
# (both MSI-X) and an e1000 (a line), those of them that are there. They work under
# load, their interrupts go where they are sent, and all is put back again.
#
# The NVMe disk is overwritten; the other end of the networks is 192.0.2.1 (XG_PEER).
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
on_xen || skip_all "not a Xen guest"
kernel_has_xen && skip_all "the kernel's own Xen code is active"
HYPERVISOR_physdev_op=33
pci=/sys/bus/pci/devices
peer=${XG_PEER:-192.0.2.1}
rounds=$(rounds 2 50)

# find_pci FILE PATTERN: the first device whose FILE in sysfs says so
find_pci() {
	find_it=$(grep -lE "$2" $pci/*/"$1" 2>/dev/null | head -n 1)
	find_it=${find_it%/*}
	echo "${find_it##*/}"
}

nvme=$(find_pci class '^0x010802')
e1000e=$(find_pci device '^0x10d3')
e1000=$(find_pci device '^0x100e')
[ -n "$nvme$e1000e$e1000" ] || skip_all "no NVMe disk, e1000e or e1000"
tested=
for name in nvme e1000e e1000; do
	eval "address=\$$name"
	[ -z "$address" ] || tested="$tested $name"
done

# --- a device: its name is its driver's, too --------------------------------

addr() { eval "echo \$$1"; }
bound() { [ -e "$pci/$(addr "$1")/driver" ]; }
unbind() { ! bound "$1" || echo "$(addr "$1")" >"$pci/$(addr "$1")/driver/unbind"; }
# Its driver takes it; loading the driver does as well.
bind() {
	modprobe "$1" || return
	bound "$1" || echo "$(addr "$1")" >/sys/bus/pci/drivers_probe
	wait_for 20 ready "$1"
}
ready() {
	case $1 in
	nvme) test -b /dev/nvme0n1 ;;
	*) test -e "$pci/$(addr "$1")"/net ;;
	esac
}
netdev() { ls "$pci/$(addr "$1")/net"; }

# Those that were requested have a line in /proc/interrupts that names somebody
irqs() {
	irqs_dir=$pci/$(addr "$1")
	for irqs_nr in $(ls "$irqs_dir/msi_irqs" 2>/dev/null || cat "$irqs_dir/irq"); do
		[ -z "$(ls -d /proc/irq/"$irqs_nr"/*/ 2>/dev/null)" ] || echo "$irqs_nr"
	done
}
line_of() { grep "^ *$1:" /proc/interrupts; }
# count IRQ [CPU]: how often, on that CPU or all
count() {
	awk -v irq="$1:" -v cpu="${2--1}" '
		NR == 1 { cpus = NF }
		$1 == irq {
			for (i = 0; i < cpus; i++)
				if (cpu < 0 || i == cpu)
					n += $(i + 2)
		}
		END { print n + 0 }' /proc/interrupts
}
total() {
	total_n=0
	for total_irq in $(irqs "$1"); do
		total_n=$((total_n + $(count "$total_irq")))
	done
	echo $total_n
}
# all_by NAME PATTERN: it has interrupts, and all of them look like that
all_by() {
	[ -n "$(irqs "$1")" ] || return 1
	for all_irq in $(irqs "$1"); do
		line_of "$all_irq" | grep -qE "$2" || return 1
	done
}
pirqs() { grep -c ' xg-pirq ' /proc/interrupts; }
pirq_ports() { awk '$2 == "pirq"' "$XG_DEBUGFS/evtchn" | wc -l; }

# What the interrupts of NAME must look like when it is remapped. A line is only
# led away from an IO-APIC, and with upcalls to each CPU.
wanted() {
	if [ -d "$pci/$(addr "$1")/msi_irqs" ]; then
		echo ' xg-pirq .*-msi(-x)? '
	elif grep -qw noapic /proc/cmdline ||
	     [ "$(counter evtchn upcall)" = intx ] ||
	     log_has "$(addr "$1"): its interrupt line.*another has it"; then
		echo ' (IO-APIC|XT-PIC) '
	else
		echo ' xg-pirq .*-ioapic-level '
	fi
}

up() {
	ip link set "$(netdev "$1")" up
	ip address flush dev "$(netdev "$1")"
	ip address add 192.0.2.2/24 dev "$(netdev "$1")"
	wait_for 20 netdata icmp "$peer" 1 56
}
down() {
	ip address flush dev "$(netdev "$1")"
	ip link set "$(netdev "$1")" down
}
# work NAME: does it what it is for? For a NIC it must be up.
work() {
	case $1 in
	nvme)
		diskdata write /dev/nvme0n1 8 $$ 2 &&
			diskdata verify /dev/nvme0n1 8 $$ 2 ;;
	*)	netdata icmp "$peer" 50 1000 ;;
	esac
}
begin() { bind "$1" && { [ "$1" = nvme ] || up "$1"; }; }
end() { { [ "$1" = nvme ] || ! bound "$1" || down "$1"; } && unbind "$1"; }
end_all() { for end_name in $tested; do end "$end_name"; done; }

# --- the whole life of each ---------------------------------------------------

# load VALUE: the stack with that, its own devices at rest
load() {
	platform="unplug=none remap=$1"
	stack_up && the_disk && wait_for 30 nets_live
}

# moves NAME: its busiest interrupt comes on the CPU that was asked for, only there
moves() {
	most=0
	busiest=
	for irq in $(irqs "$1"); do
		[ "$(count "$irq")" -ge $most ] || continue
		most=$(count "$irq")
		busiest=$irq
	done
	for cpu in 1 0; do
		echo $cpu >"/proc/irq/$busiest/smp_affinity_list" || return
		# What was on its way
		netdata icmp "$peer" 2 56
		here=$(count "$busiest" $cpu)
		there=$(count "$busiest" $((1 - cpu)))
		work "$1" || return
		[ "$(count "$busiest" $cpu)" -gt "$here" ] &&
			[ "$(count "$busiest" $((1 - cpu)))" = "$there" ] ||
			return
		[ "$(cat "/proc/irq/$busiest/effective_affinity_list")" = $cpu ] ||
			return
	done
}

# given_back NAME: what the driver does not request has no port, and comes back
given_back() {
	given_before=$(pirq_ports)
	case $1 in
	nvme)
		echo 1 >/sys/class/nvme/nvme0/reset_controller &&
			wait_for 30 grep -q live /sys/class/nvme/nvme0/state ;;
	*)
		down "$1"
		[ "$(pirq_ports)" -lt "$given_before" ] && up "$1" ;;
	esac && [ "$(pirq_ports)" = "$given_before" ]
}

# life NAME: from the driver's coming to its going
life() {
	ports=$(counter evtchn bound)
	check "$1: its driver takes it" begin "$1"
	diag "$(for irq in $(irqs "$1"); do line_of "$irq"; done)"
	like "$1: how its interrupts come" \
		"$(line_of "$(irqs "$1" | head -n 1)")" "$(wanted "$1")"
	check "$1: all of them" all_by "$1" "$(wanted "$1")"
	before=$(total "$1")
	calls=$(counter hypercalls $HYPERVISOR_physdev_op)
	check "$1: it works" work "$1"
	check "$1: they are counted" test "$(total "$1")" -gt "$before"
	case $(wanted "$1") in
	*msi*) is "$1: none needs a hypercall" \
		"$(counter hypercalls $HYPERVISOR_physdev_op)" "$calls" ;;
	esac
	if ! all_by "$1" xg-pirq; then
		skip "$1: they go where they are sent" "no event channel"
		skip "$1: given back and requested again" "no event channel"
	else
		if [ "$1" = nvme ]; then
			skip "$1: they go where they are sent" "its driver spreads them"
		elif [ "$(counter evtchn upcall)" = intx ]; then
			skip "$1: they go where they are sent" "all events are vCPU 0's"
		elif [ ! -d /sys/devices/system/cpu/cpu1 ]; then
			skip "$1: they go where they are sent" "one CPU"
		else
			check "$1: they go where they are sent" moves "$1"
		fi
		check "$1: given back and requested again" given_back "$1"
		check "$1: it works, again" work "$1"
		is "$1: the module cannot go meanwhile" \
			"$(rmmod xg-platform-pci 2>/dev/null || echo stays)" stays
	fi
	check "$1: its driver goes" end "$1"
	is "$1: no port is left" "$(counter evtchn bound)" "$ports"
}

for name in $tested; do
	unbind "$name"
done
stack_take_down
cleanup end_all

for bad in 0000:00:05 0000:00:05.8 0000:00:05.0, all,0000:00:05.0; do
	log_mark
	check "remap=$bad: refused" eval "! load $bad"
	check "remap=$bad: the log says what there is" log_has \
		"remap=$bad: unknown, use \"none\", \"all\" or"
	stack_down
done

log_mark
check "remap=all: loads" load all
if log_has 'Xen offers this guest no interrupts by event channel'; then
	for name in $tested; do
		check "$name: works without" eval "begin $name && work $name"
		check "$name: through the APIC" eval "! all_by $name xg-pirq"
		check "$name: goes" end "$name"
	done
	exit
fi
for name in $tested; do
	life "$name"
done

# CPUs go and come back while the disk is written; its queues have one each.
if [ -n "$nvme" ] && [ -e /sys/devices/system/cpu/cpu1/online ]; then
	begin nvme
	storm_start /dev/nvme0n1 8 2
	went=0
	for round in 1 2 3 4 5; do
		echo 0 >/sys/devices/system/cpu/cpu1/online && sleep 0.5 &&
			echo 1 >/sys/devices/system/cpu/cpu1/online &&
			sleep 0.5 && went=$((went + 1))
	done
	is "nvme: a CPU went and came back beside it" $went 5
	storm_stop
	is "nvme: no byte was wrong" $? 0
	check "nvme: no I/O waited 10 s (a lost interrupt)" \
		test "$(storm_worst_ms)" -lt 10000
	end nvme
fi
is "no interrupt is left behind" "$(pirqs)" 0
check "unloads" stack_down

# A device that has a driver already, and one that is not named.
set -- $tested
named=$1
other=${2:-}
check "$named: through the APIC" eval "begin $named && work $named"
check "and not by event channel" eval "! all_by $named xg-pirq"
log_mark
check "remap=ADDRESS: loads" load "$(addr "$named")"
check "$named: the log says why it is left" log_has "$(addr "$named"): left as it is"
check "$named: goes on" work "$named"
end "$named"
check "$named: bound again" begin "$named"
check "$named: as wanted" all_by "$named" "$(wanted "$named")"
if [ -n "$other" ]; then
	check "$other: not named" begin "$other"
	check "$other: left to the APIC" eval "! all_by $other xg-pirq"
	check "$other: works beside it" work "$other"
	end "$other"
else
	skip "$other: not named" "there is one device"
fi
check "$named: works" work "$named"
end "$named"
check "unloads again" stack_down
check "$named: through the APIC, again" eval "begin $named && work $named"
check "and not by event channel, again" eval "! all_by $named xg-pirq"
end "$named"

# Xen has few interrupts to give, and takes none back: what the drivers had before
# they have again.
log_mark
done=0
while [ $done -lt "$rounds" ]; do
	load all || break
	for name in $tested; do
		bind "$name" || break 2
	done
	[ -z "$nvme" ] || all_by nvme "$(wanted nvme)" || break
	for name in $tested; do
		unbind "$name"
	done
	stack_down || break
	done=$((done + 1))
done
is "all of it, again and again" $done "$rounds"
check "no interrupt was missing" eval "! log_has 'no further interrupt'"
