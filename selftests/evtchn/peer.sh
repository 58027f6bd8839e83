#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 900
# Events between this guest and dom0, counted at both ends: there event-peer runs
# as host script of testbed/vm --engine xen. A storm from there must leave the
# guest its time, and the port its use.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-evtchn
command -v wait_tell >/dev/null && wait_tell event-peer 20 ||
	skip_all "no event-peer in dom0 (host script of testbed/vm)"
test_module xg-test-evtchn
cleanup "ask end 0"
dir=$XG_DEBUGFS/test-evtchn
pings=$(rounds 2000 100000)
plan 22

run() { echo "$1 ${2:-0}" >"$dir/run"; }
events() { counter test-evtchn/result peer_events; }
# column NUMBER: of the port's line in debugfs
column() { awk -v n="$1" '$NF == "xg-test-peer" { print $n }' "$XG_DEBUGFS/evtchn"; }

# ask WHAT NUMBER, then answer SECONDS: what event-peer sent and received, in $sent
# and $received
asked=0
ask() {
	asked=$((asked + 1))
	mark "event-$asked-$1.$2"
}
told() { ls /run/tell | sed -n "s/^event-$asked\.//p"; }
heard() { [ -e /run/tell/event-failed ] || [ -n "$(told)" ]; }
answer() {
	wait_for "$1" heard
	sent=$(told)
	received=${sent#*.}
	sent=${sent%.*}
	[ -n "$sent" ]
}

# ping WHAT [MEANWHILE]: each event of dom0's is answered before its next
ping() {
	before=$(events)
	ask ping "$pings"
	[ -z "${2:-}" ] || "$2"
	answer 300
	is "$1: dom0 has sent all" "$sent" "$pings"
	is "$1: each came here once" $(($(events) - before)) "$pings"
	is "$1: each answer came there once" "$received" "$pings"
}

# Until dom0 has its answers: the port to each CPU in turn; what came of it is
# counted in $moved
move_about() {
	moved=0
	at=
	while ! heard; do
		for cpu in $cpus; do
			was=$at
			echo "$cpu" >"/proc/irq/$irq/smp_affinity_list"
			read -r at <"/proc/irq/$irq/effective_affinity_list"
			[ "$at" = "$was" ] || moved=$((moved + 1))
		done
	done
}

# Nothing is on its way: seen twice, with no event in between.
idle() {
	was=$(column 6)
	[ "$(column 9)" = ---- ] && [ "$(column 6) $(column 9)" = "$was ----" ]
}

bound=$(counter evtchn bound)
check "a port is opened for dom0" run listen 0
irq=$(column 5)
cpus=$(sed -n 's/^processor.*: //p' /proc/cpuinfo)
ask bind "$(counter test-evtchn/result peer_port)"
check "dom0 binds to it" answer 20

ping "one at a time"
ping "on the move" move_about
if [ "$(counter evtchn upcall)" = intx ] || [ "$cpus" = 0 ]; then
	skip "the port was moved" "events come to CPU 0 alone"
else
	check "the port was moved" [ "$moved" -ge 10 ]
fi
diag "moved $moved times"

# Every event of the storm is spurious. What the guest notices is how late its
# sleeps end, on each CPU; 25 ms each.
run mute
before=$(events)
delayed=$(column 8)
start=$(cut -d. -f1 /proc/uptime)
ask storm 60
check "dom0 storms" wait_tell event-storm 20
timers sleep "$(rounds 120 1200)" >/tmp/timers.$$ 2>&1
is "no sleep ended early" $? 0
check "dom0 storms still" [ -z "$(told)" ]
mark event-calm
answer 70
worst=$(sed -n 's/^worst_us: //p' /tmp/timers.$$)
check "the worst sleep ended less than a second late" [ "$worst" -lt 1000000 ]
check "the storm is over" wait_for 10 idle
seconds=$(($(cut -d. -f1 /proc/uptime) - start + 1))
came=$(($(events) - before))
diag "$sent sent in at most $seconds s, $came came, the worst sleep $worst us late"
check "it was a storm" [ "${sent:-0}" -ge 1000 ]
check "some of it came" [ $came -ge 5 ]
check "the rest did not interrupt the guest" [ $came -le $((30 + 20 * seconds)) ]
check "as the port was unmasked late" [ "$(column 8)" -ge $((delayed + 5)) ]

run answer
ping "after the storm"
run hangup
is "no port is left open" "$(counter evtchn bound)" "$bound"
