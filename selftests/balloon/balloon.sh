#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 1200
# By its own target the guest's memory goes to Xen and comes back. The kernel's
# count and Xen's follow, nothing in memory changes, and no target kills the guest.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../memory.sh"
if ! real_xen; then
	plan 2
	check "no count, no balloon: the log says so" \
		sh -c "dmesg | grep 'xg-balloon: Xen keeps no count'"
	is "and there is no device" "$(ls -d $xen_memory 2>/dev/null)" ""
	exit
fi
need_balloon
# With shadow paging Xen looks for each page's mappings when it goes: a few MiB/s.
less=$((16 * mib))
[ "$(meminfo MemAvailable)" -gt $((less * 3 / 2)) ] ||
	skip_all "less than 24 MiB are available"
wait_for 60 at_target || skip_all "the guest is not at its target"
plan 29

total=$(meminfo MemTotal)
xen=$(kib reservation)
full=$(kib target)
cleanup set_target "$full"
tried_again() { [ "$(cat $xen_memory/retry_count)" -gt 1 ]; }
data=/dev/shm/balloon.$$
cleanup rm -f $data
head -c 33554432 /dev/urandom >$data
sum=$(sha256sum <$data)

set_target $((full - less))
check "down: the target is reached" settles_at $((full - less))
is "MemTotal goes down" $((total - $(meminfo MemTotal))) $less
check "and so does Xen's count" near $((xen - $(kib reservation))) $less
is "sysfs: low_kb is what is out" "$(cat $xen_memory/info/low_kb)" "$(kib out)"
is "sysfs: the target in bytes" "$(cat $xen_memory/target)" \
	$(((full - less) * 1024))
echo $((full / mib))M >$xen_memory/target
is "sysfs: it takes MiB" "$(kib target)" $((full / mib * mib))
check "up: the target is reached" settles_at $((full / mib * mib))
set_target "$full"
check "up: all of it" settles_at "$full"
is "MemTotal is what it was" "$(meminfo MemTotal)" "$total"
check "and so is Xen's count" near "$(kib reservation)" "$xen"
moved=$(($(counter balloon given) + $(counter balloon taken)))
calls=$(counter balloon hypercalls)
check "many pages a hypercall ($moved in $calls)" \
	test "$moved" -gt $((calls * 100))

refused=0
values=0
for value in "" text -1 0 "12 apples" 99999999999999999999999; do
	for file in target target_kb; do
		values=$((values + 1))
		sh -c "echo '$value' >$xen_memory/$file" 2>/dev/null ||
			refused=$((refused + 1))
	done
done
is "values that are none are refused" $refused $values
is "and change nothing" "$(kib target)" "$full"
set_target $((full * 2))
is "more than there is: all there is" "$(kib target)" "$(kib present)"

log_mark
set_target 1
is "almost nothing: the least it needs" "$(kib target)" "$(kib floor)"
check "the log says so" log_has 'xg-balloon: .* the least it needs'
if [ -n "${XG_SOAK:-}" ]; then
	check "it goes on giving, then stops" \
		wait_for 600 log_has 'can spare no more memory'
	check "it tries again" wait_for 10 tried_again
	diag "left: $(kib current) KiB, available: $(meminfo MemAvailable)"
	check "memory is left" test "$(meminfo MemAvailable)" -gt $((4 * mib))
	is "programs run" "$(head -c 1048576 /dev/zero | wc -c)" 1048576
else
	for what in "it goes on giving, then stops" "it tries again" \
		    "memory is left" "programs run"; do
		skip "$what" "not in a short run"
	done
fi
is "nobody was killed" "$(log_since | grep -c 'Out of memory: Killed')" 0
set_target "$full"
check "back up" settles_at "$full"
is "MemTotal is what it was" "$(meminfo MemTotal)" "$total"
is "what was in memory is there" "$(sha256sum <$data)" "$sum"

set_target $((full - less))
settles_at $((full - less))
check "unloaded while memory is out" stack_down
is "all of it comes back" "$(meminfo MemTotal)" "$total"
check "loaded again" stack_up
check "the target is the host's" settles_at "$full"
the_disk
is "what was in memory is there" "$(sha256sum <$data)" "$sum"
