#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's half of bench/run: the jobs of /put/plan/rows, one after the other.
# What bench/parse.py reads, each line with the row's name and the repeat:
#   bench ROW REPEAT TEXT                   the program's result, all on one line
#   snap ROW REPEAT UPTIME TICKS [CALL=COUNT...]    twice in the midst of a job:
#       CPU time used so far, hypercalls made so far (ours, while traced)
#   setup NAME=VALUE...                     what it all ran with
# In the repeat "trace" the host script looks on.
#: modules virtio_pci virtio_blk virtio_net xen-evtchn e1000e
set -u
. /put/plan/env
debug=/sys/kernel/debug/xg
calls=$debug/hypercalls

# Emulated disks come in any order: the one that mounts has the programs.
find_disks() {
	for tools in xvda xvdb sda sdb none; do
		mount -t ext4 -o ro /dev/$tools /mnt 2>/dev/null && break
	done
	case $tools in
	*a) disk=${tools%a}b ;;
	*b) disk=${tools%b}a ;;
	*) return 1 ;;
	esac
	[ "$driver" != virtio ] || disk=vda
	wait_for 20 [ -b /dev/$disk ]
}

# wait_for SECONDS COMMAND...
wait_for() {
	left=$(($1 * 5))
	shift
	until "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.2
	done
}

load_drivers() {
	case $driver in
	none) modprobe e1000 ;;
	passed-*) modprobe e1000e ;;
	virtio)
		for module in virtio_pci virtio_blk virtio_net; do
			modprobe $module
		done ;;
	esac
}

# The disk is written once: a block never written is read in another way. And
# the programs are read, so that no job has to wait for them.
prepare_disks() {
	echo 1024 >/sys/block/$tools/queue/read_ahead_kb
	cat /mnt/lib/* >/dev/null
	grep -q '^disk-' /put/plan/rows || return 0
	dd if=/dev/zero of=/dev/$disk bs=1M conv=fsync \
		count=$(($(cat /sys/block/$disk/size) / 2048)) 2>/dev/null
}

network_is_up() {
	ip link set eth0 up
	ip address add 192.0.2.2/24 dev eth0
	ping -c 1 -W 1 $server
} >/dev/null 2>&1

# A program of the tools disk; one that hangs is ended.
program() {
	name=$1
	shift
	timeout $((seconds + 25)) /mnt/lib/ld-linux-x86-64.so.2 \
		--library-path /mnt/lib "/mnt/lib/$name" "$@"
}

# --- what rows.py calls: one second unmeasured, $seconds measured ---

disk() {
	program fio --name=disk --filename=/dev/$disk --direct=1 \
		--ioengine=libaio --time_based --runtime=$seconds --ramp_time=1 \
		--output-format=terse --terse-version=3 "$@" |
		grep '^3;' | cut -d';' -f7,8,48,49
}

tcp() {
	program iperf3 -c $server -p $iperf_port -t $seconds -O 1 -i 0 -J "$@" |
		sed -n '/"sum_received":/,/}/p; /^[ 	]*"error":/p' |
		tr -d ' \t\n'
}

udp() {
	tcp -u "$@"
}

rr() {
	program sockperf ping-pong --tcp -i $server -p $sockperf_port \
		-t $((seconds + 1)) -m 64 2>&1 |
		sed -n 's/.*\[Valid Duration\] *//p; s/.*ERROR/error/p'
}

pulse() {
	timeout $((seconds + 25)) /put/plan/pulse "$@"
}

idle() {
	sleep $((seconds + 1))
	echo "$seconds in $seconds.00 s"
}

# speed BAUD: the testbed's serial ports. One that the kernel has found to lose
# interrupts is looked at each 200 ms at the usual speed.
speed() {
	for port in /dev/ttyS0 /dev/ttyS1; do
		stty -F $port "$1" 2>/dev/null
	done
}

tick() {
	pulse tick $seconds "$@"
}

packet() {
	pulse packet $seconds $server $pulse_port
}

event() {
	if [ $driver = mainline ]; then
		modprobe xen-evtchn
	else
		modprobe xg-dev
	fi
	pulse event $seconds &
	sleep 0.5
	to_cpu_0 evtchn:pulse
	wait
}

# to_cpu_0 NAME: interrupts of that name, to the only CPU that INTx has
to_cpu_0() {
	for irq in $(sed -n "s/^ *\([0-9]*\):.*$1.*/\1/p" /proc/interrupts); do
		echo 1 >/proc/irq/$irq/smp_affinity
	done
}

# --- one job ---

# No process is started for it, and none runs in it but the job.
snap() {
	read -r up _ </proc/uptime
	read -r _ user nice system _ _ irq softirq _ </proc/stat
	line="$up $((user + nice + system + irq + softirq))"
	if [ "$repeat" = trace ] && [ -r $calls ]; then
		while read -r number count; do
			line="$line $number=$count"
		done <$calls
	fi
	echo "snap $row $repeat $line"
}

# job COMMAND...: its first second and its end are not in the snaps. From 1.5 s to
# 3.5 s the host looks on: an idle guest is left alone as long.
job() {
	first=2 between=$((seconds - 2))
	if [ "$row" = int-idle ]; then
		first=1 between=3
		speed 50
	fi
	"$@" >/tmp/result &
	sleep $first
	snap
	sleep $between
	snap
	wait
	[ "$row" != int-idle ] || speed 115200
	echo "bench $row $repeat $(tr '\n' ' ' </tmp/result)"
}

# What the guest's interrupts and time come from
setup() {
	sources=/sys/devices/system
	echo "setup $(sed -n 's/^upcall: /upcall=/p' $debug/evtchn 2>/dev/null)" \
		"clock=$(cat $sources/clocksource/clocksource0/current_clocksource)" \
		"timer=$(cat $sources/clockevents/clockevent0/current_device)"
}

wait_tell host 120 || echo "bench: the host script is not there"
load_drivers
setup
find_disks || { echo "bench: no disk"; exit 1; }
prepare_disks
if [ "$net" = yes ]; then
	wait_for 10 network_is_up || echo "bench: no network"
fi
while read -r row command <&3; do
	for repeat in $(seq "$repeats"); do
		job $command
	done
	if [ "$trace" = yes ]; then
		repeat=trace
		mark "trace-$row"
		job $command
		# Not before: it starts processes, and each is many exits.
		wait_tell "traced-$row" 60
	fi
done 3</put/plan/rows
umount /mnt
mark finished
