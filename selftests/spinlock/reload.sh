#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# The module goes and comes while CPUs contend for locks, with a tracer of the same
# function beside it too; where it cannot work it says so and leaves nothing.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../contention.sh"
need xg-spinlock
[ -n "$(module_file xg-spinlock)" ] || skip_all "it is built in"
[ "$(cat /sys/devices/system/cpu/online)" != 0 ] || skip_all "there is one CPU"
test_module xg-test-locks
rounds=$(rounds 5 200)
tracing=/sys/kernel/tracing
plan 18

cleanup "again_with wait=spin"
check "the module goes and comes" again_with
is "waits come to it" "$(counter spinlock wait)" yield
contend
went=0
for i in $(seq "$rounds"); do
	again_with && went=$((went + 1))
done
is "it goes and comes meanwhile" $went "$rounds"
contended "as the module went and came"

trace() {
	echo '*queued_spin_lock_slowpath' >$tracing/set_ftrace_filter &&
		echo function >$tracing/current_tracer
}
no_trace() {
	echo nop >$tracing/current_tracer && echo >$tracing/set_ftrace_filter
}
cleanup "no_trace 2>/dev/null"
contend
check "a tracer of the same function" trace
is "waits come to the module beside it" "$(counter spinlock wait)" yield
check "and it goes and comes beside it" again_with
check "the tracer goes" no_trace
contended "beside a tracer"

# refused: by an error, and is not there
refused() {
	! again_with "$@" && ! loaded xg-spinlock &&
		[ ! -e "$XG_DEBUGFS/spinlock" ]
}
cleanup "echo 1 >/proc/sys/kernel/ftrace_enabled"
echo 0 >/proc/sys/kernel/ftrace_enabled
log_mark
check "without tracing it is refused, and nothing is left" refused
check "the log says why" log_has 'xg-spinlock: .*no function tracing, or it is off'
contend
contended "without the module"
echo 1 >/proc/sys/kernel/ftrace_enabled
check "with tracing it comes" again_with
is "as if nothing had been" "$(counter spinlock wait)" yield

again_with wait=spin
check "turns are taken with wait=spin" take 2000 2
is "wait=spin leaves locks alone" \
	"$(counter spinlock wait) $(counter spinlock contended)" "spin 0"
again_with
echo 0 >/proc/sys/kernel/ftrace_enabled
is "and so does a tracing that is off later" "$(counter spinlock wait)" spin
echo 1 >/proc/sys/kernel/ftrace_enabled
nobody_starved
