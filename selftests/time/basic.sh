#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# The clock never goes back, on one CPU or between two; every CPU's timer is ours
# and goes off, never early, also while CPUs come and go. How late, unless one was
# lost, and how many hypercalls an idle guest makes, is shown only.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-time
clock=/sys/devices/system/clocksource/clocksource0
[ "$(counter evtchn upcall)" != intx ] ||
	skip_all "upcall by INTx: the CPUs keep their own timers"
[ "$(cat /sys/module/xg_time/parameters/timer)" = 1 ] &&
	[ "$(cat /sys/module/xg_time/parameters/clock)" = 1 ] ||
	skip_all "switched off by parameter"
plan 12

# The CPUs' timers, each kind once
devices() {
	cat /sys/devices/system/clockevents/clockevent*/current_device |
		sort -u | tr '\n' ' ' | sed 's/ $//'
}

calls() {
	awk '{ sum += $2 } END { print sum }' "$XG_DEBUGFS/hypercalls"
}

# cost_begin, then cost_end WHAT: hypercalls meanwhile, and what timers had of
# them. A driver that saves none makes one each time the kernel sets its timer.
costs() {
	echo "$(date +%s) $(calls) $(counter time armed) $(counter time saved)" \
		"$(counter time events) $(counter time early)"
}

cost_begin() {
	costs >/tmp/costs.$$
}

cost_end() {
	costs >>/tmp/costs.$$
	diag "$(awk -v what="$1" 'NR == 1 { split($0, was) } NR == 2 {
		for (i = 1; i <= 6; i++) $i -= was[i]
		s = $1 ? $1 : 1
		printf "%s: %d hypercalls/s, timers set %d/s, by hypercall %d/s, ",
			what, $2 / s, ($3 + $4 - $6) / s, $3 / s
		printf "went off %d/s, early %d/s\n", $5 / s, $6 / s
	}' /tmp/costs.$$)"
}

# worst SECONDS: was no sleep of the last run that late?
worst() {
	test "$(sed -n 's/^worst_us: //p' /tmp/timers.$$)" -lt $(($1 * 1000000))
}

log_mark
check "the clock source is there" grep -qw xg $clock/available_clocksource
if grep -q '^tsc$' $clock/current_clocksource; then
	skip "and in use" "the TSC of this machine can be trusted"
else
	is "and in use" "$(cat $clock/current_clocksource)" xg
fi
check "it never goes back" timers clock 5
is "every CPU's timer is ours" "$(devices)" xg

cost_begin
timers sleep 200 >/tmp/timers.$$ 2>&1
is "no sleep ends early" $? 0
diag "$(cat /tmp/timers.$$)"
cost_end "a sleeper on each CPU"
check "none ends 10 s late" worst 10

# Idle, on all CPUs. A wake-up is one hypercall with a backstop; without, up to two.
cost_begin
sleep 5
cost_end idle
diag "$(cat "$XG_DEBUGFS/time")"
if [ "$(counter time backstops)" -gt 0 ]; then
	check "idle, a timer is set by one hypercall for each time it goes off" \
		awk 'NR == 1 { armed = $3; events = $5 }
			NR == 2 { exit $3 - armed > ($5 - events) * 1.3 + 5 }' \
		/tmp/costs.$$
else
	skip "idle, a timer is set by one hypercall for each time it goes off" \
		"no backstop: Xen has no periodic timers, or the CPUs were never idle"
fi

# A CPU out of a long idle has a tick again: what runs on it takes turns.
ticks() { awk '{ print $14 }' "/proc/$1/stat"; }
cpu=$(cat /sys/devices/system/cpu/online)
hogs=
for i in 1 2; do
	taskset -c "${cpu##*[-,]}" sh -c 'while :; do :; done' &
	hogs="$hogs $!"
done
cleanup 'kill $hogs 2>/dev/null'
sleep 3
shares=$(for pid in $hogs; do ticks "$pid"; done | tr '\n' ' ')
kill $hogs
check "two processes that never sleep share a CPU" awk -v shares="$shares" 'BEGIN {
	split(shares, s); exit !(s[1] > 50 && s[2] > 50) }'
diag "shares of 3 s, in 1/100 s: $shares"

cpus=$(ls /sys/devices/system/cpu/cpu[0-9]*/online 2>/dev/null)
# Beside it; who slept on a CPU that went stays on others. So each CPU that is
# back is slept on anew: a timer that does not go off there ends the test.
timers sleep 400 >/tmp/timers.$$ 2>&1 &
pid=$!
went=0
wanted=0
for round in $(seq "$(rounds 5 50)"); do
	for online in $cpus; do
		wanted=$((wanted + 1))
		echo 0 >"$online" && sleep 0.2 && echo 1 >"$online" &&
			[ "$(devices)" = xg ] &&
			timers sleep 3 >/dev/null 2>&1 && went=$((went + 1))
		sleep 0.1
	done
done
wait $pid
status=$?
diag "$(cat /tmp/timers.$$)"
if [ -n "$cpus" ]; then
	is "CPUs come back with our timer" $went $wanted
else
	skip "CPUs come back with our timer" "no CPU can be taken offline"
fi
is "no sleep ends early meanwhile" $status 0
check "none ends 10 s late (a lost timer)" worst 10
check "no warning in the log" sh -c "dmesg | grep -q '$ktap_mark' &&
	! dmesg | sed '1,/$ktap_mark/d' | grep -E 'WARNING|BUG|CE: |No irq handler'"
