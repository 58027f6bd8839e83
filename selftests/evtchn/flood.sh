#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 7000
# Events from each CPU to itself and to others, counted where they are sent and
# where they arrive: XG_EVENTS of them, in XG_SECONDS at most. First one at a time
# on a port, then in bursts, then on ports that are moved between CPUs. How far it
# is stands in debugfs xg/test-evtchn/result and, every 10 s, in the kernel's log.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-evtchn
test_module xg-test-evtchn
dir=$XG_DEBUGFS/test-evtchn
events=${XG_EVENTS:-$(rounds 4000 10000000)}
seconds=${XG_SECONDS:-$(rounds 120 5000)}
burst=$((events / 4))
plan 10

# kernel WHAT TEST [NUMBER [SECONDS]]
kernel() {
	module_test "$1" "$dir/run" "$2 ${3:-0} ${4:-0}"
	log_since | sed -n 's/.*xg-test-evtchn: \(.* ms\)$/# \1/p'
}
result() { counter test-evtchn/result "$1"; }

bound=$(counter evtchn bound)
kernel "one at a time: none is lost, none comes twice" count "$events" "$seconds"
check "all were sent" [ "$(result counted_sent)" -ge "$events" ]
is "all have arrived" "$(result counted_delivered)" "$(result counted_sent)"
kernel "in bursts: the last of each arrives" flood "$burst" "$seconds"
check "all bursts were sent" [ "$(result counted_sent)" -ge "$burst" ]
diag "$(result counted_delivered) delivered of $(result counted_sent)"

# What is moved: the loops' ports. IPIs stay where they are.
irqs() { awk '$NF == "xg-test-lane" { print $5 }' "$XG_DEBUGFS/evtchn"; }
sent_more() { [ "$(result counted_sent)" -gt "$sent" ]; }

# move_to CPU: all of them; then events go on
move_to() {
	for irq in $irqs; do
		echo "$1" >"/proc/irq/$irq/smp_affinity_list" &&
			moved=$((moved + 1))
	done
	sent=$(result counted_sent)
	wait_for 10 sent_more || stalls=$((stalls + 1))
}

cpus=$(cat /sys/devices/system/cpu/online)
first=${cpus%%[-,]*}
last=${cpus##*[-,]}
why=
[ "$first" != "$last" ] || why="there is one CPU"
[ "$(counter evtchn upcall)" != intx ] || why="INTx: vCPU 0 alone has events"
if [ -n "$why" ]; then
	skip "ports are moved" "$why"
	skip "events go on" "$why"
	skip "they are delivered where the port is" "$why"
	skip "on the move: none is lost, none comes twice" "$why"
else
	wanted=$(rounds 100 1000)
	moved=0
	stalls=0
	echo begin >"$dir/run"
	irqs=$(irqs)
	while [ -n "$irqs" ] && [ $moved -lt "$wanted" ] && [ $stalls -eq 0 ]; do
		before=$moved
		move_to "$last"
		move_to "$first"
		[ $moved -gt $before ] || break
	done
	check "ports are moved" [ $moved -ge "$wanted" ]
	is "events go on" $stalls 0
	# Some were there before the first move.
	seen=$(result moves)
	check "they are delivered where the port is" [ "$seen" -ge $((moved / 2)) ]
	diag "$moved moves, $seen seen, $(result counted_sent) events"
	kernel "on the move: none is lost, none comes twice" end
fi
is "no port is left open" "$(counter evtchn bound)" "$bound"
