#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# CPUs contend for locks in processes, softirqs and hard interrupts, as the module
# goes and comes, as CPUs do, and beside a tracer: no two are inside at once, no
# turn is lost, nobody waits for long. Where the module cannot work it says so.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-spinlock
[ "$(cat /sys/devices/system/cpu/online)" != 0 ] || skip_all "there is one CPU"
test_module xg-test-locks
rounds=$(rounds 4 50)
dir=$XG_DEBUGFS/test-locks
tracing=/sys/kernel/tracing
waits=/tmp/waits.$$
stop=/tmp/stop.$$
plan 26

result() { counter test-locks/result "$1"; }
contended() { counter spinlock contended; }
# again_with PARAMETER...: the module anew
again_with() {
	if loaded xg-spinlock; then rmmod xg-spinlock || return; fi
	try_insmod xg-spinlock "$@"
}
# contend: turns for all locks in the background, until contended WHAT
contend() {
	rm -f $stop
	(
		while :; do
			echo "2000 2" >"$dir/run" || exit 1
			result longest_us >>$waits
			[ ! -e $stop ] || exit 0
		done
	) &
	job=$!
	cleanup "touch $stop"
}
contended_well() {
	touch $stop
	wait $job
	is "no turn is lost, none spoilt: $1" $? 0
}

cleanup again_with
cleanup "rm -f $waits $stop"
check "the module goes and comes" again_with
is "waits come to it" "$(counter spinlock wait)" yield
log_mark
check "turns are taken" sh -c "echo '20000 2' >$dir/run"
check "there were waits" [ "$(contended)" -gt 100 ]
for kind in process softirq hardirq; do
	check "of each kind: $kind" [ "$(result $kind)" -gt 0 ]
done
diag "$(cat "$dir/result" "$XG_DEBUGFS/spinlock")"
result longest_us >$waits

claims=$(counter spinlock claims)
check "turns that are long" sh -c "echo '20 12000' >$dir/run"
check "who waits for long claims the next" [ "$(counter spinlock claims)" -gt "$claims" ]

contend
went=0
for i in $(seq $((rounds * 5))); do
	again_with && went=$((went + 1))
done
is "the module goes and comes meanwhile" $went $((rounds * 5))
contended_well "as the module went and came"

last=$(($(nproc) - 1))
contend
went=0 came=0
for i in $(seq "$rounds"); do
	echo 0 >/sys/devices/system/cpu/cpu$last/online && went=$((went + 1))
	echo 1 >/sys/devices/system/cpu/cpu$last/online && came=$((came + 1))
done
is "a CPU goes and comes meanwhile" "$went $came" "$rounds $rounds"
contended_well "as the CPU went and came"

# One that traces the kernel's wait and what its locks are for.
trace() {
	echo '*spin*' >$tracing/set_ftrace_filter &&
		echo function >$tracing/current_tracer
}
no_trace() {
	echo nop >$tracing/current_tracer && echo >$tracing/set_ftrace_filter
}
if grep -qs '\bfunction\b' $tracing/available_tracers; then
	cleanup "no_trace 2>/dev/null"
	contend
	check "a tracer of the same function" trace
	sleep 1
	is "waits come to the module beside it" "$(counter spinlock wait)" yield
	check "and the module goes and comes beside it" again_with
	check "the tracer goes" no_trace
	contended_well "beside a tracer"
else
	for i in 1 2 3 4 5; do skip "a tracer" "this kernel has none"; done
fi

log_mark
echo 0 >/proc/sys/kernel/ftrace_enabled
again_with
is "without tracing it is refused" "$(loaded xg-spinlock && echo loaded)" ""
echo 1 >/proc/sys/kernel/ftrace_enabled
like "with this error" "$insmod_said" "not supported"
check "the log says why" log_has 'xg-spinlock: .*no function tracing, or it is off'
contend
contended_well "without the module"
check "with tracing it comes" again_with
is "as if nothing had been" "$(counter spinlock wait)" yield

again_with wait=spin
echo "2000 2" >"$dir/run"
is "wait=spin leaves locks alone" "$(counter spinlock wait) $(contended)" "spin 0"

longest=$(sort -n $waits | tail -n 1)
diag "the longest wait was $longest us"
check "nobody waited for seconds" [ "$longest" -lt 2000000 ]
