#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 900
# Each CPU that can go offline goes and comes back, and ports are moved between
# CPUs, while events go round in loops that a single lost one would stop.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-evtchn
cpus=$(ls -d /sys/devices/system/cpu/cpu[0-9]*/online 2>/dev/null)
[ -n "$cpus" ] || skip_all "no CPU can be taken offline"
test_module xg-test-evtchn
dir=$XG_DEBUGFS/test-evtchn
rounds=$(rounds 10 100)
plan 5

trips() {
	counter test-evtchn/result trips
}

# move: every loop's port to another CPU, as a user would
move() {
	for move_irq in $(awk '$NF ~ /^xg-test-/ { print $5 }' \
			  "$XG_DEBUGFS/evtchn"); do
		echo "$1" >"/proc/irq/$move_irq/smp_affinity_list" 2>/dev/null
	done
}

log_mark
bound=$(counter evtchn bound)
check "the load starts" sh -c "echo load 4 >$dir/run"
went=0
wanted=0
stalls=0
for online in $cpus; do
	cpu=${online%/online}
	cpu=${cpu##*cpu}
	round=0
	wanted=$((wanted + rounds))
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		move "$cpu"
		before=$(trips)
		echo 0 >"$online" && echo 1 >"$online" && went=$((went + 1))
		move 0
		sleep 0.1
		[ "$(trips)" -gt "$before" ] || stalls=$((stalls + 1))
	done
done
is "CPUs went and came back" $went $wanted
is "events went on beside it" $stalls 0
diag "$(cat "$dir/result")"
check "no event was lost" sh -c "echo unload >$dir/run"
diag "$(cat "$dir/result")"
is "no port is left open" "$(counter evtchn bound)" "$bound"
