#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 1200
#: tools taskset
# vCPUs from 32 on, whose vcpu_info is not in shared info: each CPU has events, a
# timer and I/O, also after the stack went and came, and as CPUs go and come.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-platform-pci
online=/sys/devices/system/cpu/online
[ "$(grep -c '^processor' /proc/cpuinfo)" -gt 33 ] ||
	skip_all "the guest has not more than 33 vCPUs: vcpus=40"
[ "$(counter evtchn upcall)" != intx ] ||
	skip_all "upcall by INTx: vCPU 0 alone has events"
disk=${XG_DISK:-/dev/xvda}
the_disk "$disk" || skip_all "$disk is no block device"
rounds=$(rounds 2 20)
plan 16

numbers() {
	sed -n 's/^processor[^0-9]*//p' /proc/cpuinfo
}

# io_on CPU: read the disk there
io_on() {
	taskset -c "$1" dd if="$disk" of=/dev/null bs=4k count=8 iflag=direct \
		2>/dev/null
}

# CPUs that could not
without_io() {
	for cpu in $(numbers); do
		io_on "$cpu" || echo "$cpu"
	done
}

# Current clock event devices that are ours, one a CPU
timers_ours() {
	grep -lx xg /sys/devices/system/clockevents/clockevent*/current_device |
		wc -l
}

# The disk's ports: their IRQs, their CPUs
irqs() {
	awk -v name="${disk##*/}" '$NF == name { print $5 }' "$XG_DEBUGFS/evtchn"
}

bound_to() {
	awk -v name="${disk##*/}" '$NF == name { print $4 }' \
		"$XG_DEBUGFS/evtchn" | sort -u
}

# move CPU: all of them there
move() {
	for irq in $(irqs); do
		echo "$1" >"/proc/irq/$irq/smp_affinity_list" || return 1
	done
}

# CPUs that did not get them, or not what came by them
without_disk_events() {
	for cpu in $(numbers); do
		move "$cpu" && [ "$(bound_to)" = "$cpu" ] && io_on "$cpu" ||
			echo "$cpu"
	done
	move 0
}

# all WHEN: what must hold of every CPU that is online
all() {
	is "$1: each CPU has events" "$(counter evtchn cpus)" "$(cat $online)"
	is "$1: each CPU's timer is ours" "$(timers_ours)" "$(numbers | wc -l)"
	check "$1: and goes off" timers sleep 20
	is "$1: the disk reads on each CPU" "$(without_io)" ""
	is "$1: its events come to each CPU" "$(without_disk_events)" ""
}

log_mark
all "as found"
kept=$(counter evtchn kept)

round=0
while [ $round -lt "$rounds" ]; do
	stack_down && stack_up && the_disk "$disk" || break
	round=$((round + 1))
done
is "the stack went and came" $round "$rounds"
all "after that"
is "no page more stays with Xen" "$(counter evtchn kept)" "$kept"

# 32 and 33, and the last one
went=0
wanted=0
for cpu in 32 33 $(numbers | tail -n 1); do
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		wanted=$((wanted + 1))
		echo 0 >"/sys/devices/system/cpu/cpu$cpu/online" && sleep 0.2 &&
			echo 1 >"/sys/devices/system/cpu/cpu$cpu/online" &&
			io_on "$cpu" && went=$((went + 1))
	done
done
is "CPUs from 32 on go and come back with I/O" $went $wanted
is "each CPU has events still" "$(counter evtchn cpus)" "$(cat $online)"
check "and timers that go off" timers sleep 10
failed='xg-.*(without events|gets no|keeps its own|no FIFO)|No irq handler'
is "no word of failure" "$(log_since | grep -E "$failed")" ""
