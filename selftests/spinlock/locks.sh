#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# CPUs contend for locks in processes, softirqs and hard interrupts, briefly and for
# long, and as one of them goes and comes: no two are inside at once, no turn is
# lost, nobody waits for long.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../contention.sh"
need xg-spinlock
[ "$(cat /sys/devices/system/cpu/online)" != 0 ] || skip_all "there is one CPU"
test_module xg-test-locks
rounds=$(rounds 4 50)
plan 10

traceable() {
	grep -q 'queued_spin_lock_slowpath$' \
		/sys/kernel/tracing/available_filter_functions
}
if [ "$(counter spinlock wait)" = spin ] && [ -n "$(module_file xg-spinlock)" ]; then
	cleanup "again_with wait=spin"
	again_with || {
		! traceable || { fail "waits come to the module"; exit 1; }
		skip_all "locks are the kernel's: $insmod_said"
	}
fi
# What counts waits, and those for long: by yielding, or asleep
case $(counter spinlock wait) in
yield) some=contended many=claims ;;
sleep) some='' many=sleeps ;;
*)
	# Built in they sleep, unless told not to.
	! built_in xg-spinlock || grep -q nopvspin /proc/cmdline ||
		{ fail "who waits for a lock sleeps"; exit 1; }
	skip_all "locks are the kernel's" ;;
esac

before=$(counter spinlock "${some:-sleeps}")
check "turns are taken" take $(rounds 4000 20000) 2
for kind in process softirq hardirq; do
	check "of each kind: $kind" [ "$(result $kind)" -gt 0 ]
done
if [ -n "$some" ]; then
	check "some waited: $some" [ "$(counter spinlock $some)" -gt "$before" ]
else
	skip "some waited" "who waits briefly is not counted"
fi
before=$(counter spinlock $many)
check "long ones are taken" take 20 12000
check "some waited long: $many" [ "$(counter spinlock $many)" -gt "$before" ]
diag "$(cat "$dir/result" "$XG_DEBUGFS/spinlock")"

last=$(($(nproc) - 1))
contend
went=0 came=0
for i in $(seq "$rounds"); do
	echo 0 >/sys/devices/system/cpu/cpu$last/online && went=$((went + 1))
	echo 1 >/sys/devices/system/cpu/cpu$last/online && came=$((came + 1))
done
is "a CPU goes and comes meanwhile" "$went $came" "$rounds $rounds"
contended "as the CPU went and came"
nobody_starved
