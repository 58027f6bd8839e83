#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The wire formats' suites as the kernel's compiler makes them; proto/host runs the
# same on the host.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-proto
[ -n "$(module_file xg-proto-kunit)" ] || skip_all "xg-proto-kunit.ko is not there"
[ -d /sys/kernel/debug/kunit ] &&
	skip_all "this kernel has KUnit: it reports in /sys/kernel/debug/kunit"
plan 4

# said PATTERN: how many lines of the suites match
said() {
	log_since | sed -n 's/.*xg-proto-kunit: //p' | grep -cE "$1"
}

log_mark
try_insmod xg-proto-kunit
is "it loads, which it does if no case failed" $? 0
is "no case failed" "$(said '^ *not ok')" 0
suites=$(log_since | sed -n 's/.*xg-proto-kunit: 1\.\.//p')
is "every suite was run" "$(said '^ok')" "$suites"
check "each of several cases" test "$(said '^    ok')" -gt $((suites * 3))
rmmod xg-proto-kunit
