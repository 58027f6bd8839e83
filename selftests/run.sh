#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run the tests of areas, or single tests: run.sh AREA|AREA/TEST.sh ...
#
# Each test is one result of ours with its own results indented below it, as KTAP
# nests. A test fails by its status, by reporting nothing, by its time (120 s, or
# a line "#: timeout S" in it), and by a WARN, BUG or oops in the kernel's log.

here=$(cd "${0%/*}" && pwd)
export XG_TESTS="$here"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
[ $# -gt 0 ] || set -- $(cd "$here" && ls -d */ | tr -d /)

tests=
for target in "$@"; do
	if [ -d "$here/$target" ]; then
		found=$(cd "$here" && ls "$target"/*.sh 2>/dev/null)
	else
		found=$target
	fi
	tests="$tests $found"
done

# Lines that no test may cause.
alarms() {
	dmesg | grep -E 'WARNING: |BUG: |kernel BUG|Oops: |general protection fault|INFO: task .* blocked for|detected stall|soft lockup|refcount_t|No irq handler for vector|circular locking|suspicious RCU'
}

# -> passed, failed or skipped, in $verdict, and why, in $why
judge() {
	verdict=failed
	why=
	if [ "$1" -eq 124 ] || [ "$1" -eq 137 ] || [ "$1" -eq 143 ]; then
		why=" # TIMEOUT after $limit s"
	elif [ "$1" -eq 4 ] && ! grep -q '^not ok' "$out"; then
		verdict=skipped
		why=" # SKIP $(sed -n 's/^1\.\.0 # SKIP //p' "$out")"
	elif [ "$1" -ne 0 ]; then
		why=" # exit $1"
	elif ! grep -q '^1\.\.[1-9]' "$out"; then
		why=" # no plan"
	elif ! grep -qE '^(not )?ok ' "$out"; then
		why=" # no result"
	elif grep -q '^not ok' "$out"; then
		why=" # failed results, yet exit 0"
	elif [ "$(alarms | wc -l)" -gt "$alarms_before" ]; then
		why=" # the kernel complained"
		alarms | tail -n 3 | sed 's/^/# /' >>"$out"
	else
		verdict=passed
	fi
}

set -- $tests
echo "KTAP version 1"
echo "1..$#"
nr=0
status=0
for test in "$@"; do
	nr=$((nr + 1))
	limit=$(sed -n 's/^#: *timeout *//p' "$here/$test" 2>/dev/null)
	limit=${limit:-120}
	alarms_before=$(alarms | wc -l)
	echo "# $test"
	[ -w /dev/kmsg ] && echo "selftest: $test" >/dev/kmsg
	# Into a file, not a pipe: what a test leaves hanging must not hold us.
	timeout -k 5 "$limit" "$here/$test" >"$out" 2>&1 </dev/null
	judge $?
	sed 's/^/  /' "$out"
	case $verdict in
	failed)
		status=1
		echo "not ok $nr $test$why" ;;
	*)
		echo "ok $nr $test$why" ;;
	esac
done
exit $status
