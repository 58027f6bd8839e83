#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# A process wants more than the balloon has left, and Xen has it: it comes back,
# a batch at a time, before anybody is killed.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../memory.sh"
need_balloon
[ "$(cat /sys/module/xg_balloon/parameters/deflate_on_oom)" = 1 ] ||
	skip_all "deflate_on_oom is off"
# Most of what is there is put to use first: to give memory takes long.
wanted=$((80 * mib))
hold=/dev/shm/hold.$$
cleanup rm -f $hold
surplus=$((($(meminfo MemAvailable) - wanted) / mib))
[ $surplus -gt 0 ] || skip_all "less than 80 MiB are available"
dd if=/dev/zero of=$hold bs=1M count=$surplus 2>/dev/null
available=$(meminfo MemAvailable)
wait_for 60 at_target || skip_all "the guest is not at its target"
plan 7

full=$(kib target)
cleanup set_target "$full"
fewer=$(((full - available * 3 / 5) / 4 * 4))
set_target $fewer
check "two fifths are left" settles_at $fewer
before=$(counter balloon oom)
log_mark
hungry=$((available * 3 / 5 / mib))
# Else the kernel refuses at once what is more than the RAM that is left.
overcommit=$(cat /proc/sys/vm/overcommit_memory)
cleanup "echo $overcommit >/proc/sys/vm/overcommit_memory"
echo 1 >/proc/sys/vm/overcommit_memory
# Its buffer is of one piece, and all of it is written to.
check "a process that wants three fifths gets them" \
	dd if=/dev/zero of=/dev/null bs=${hungry}M count=1
check "from the balloon" test "$(counter balloon oom)" -gt "$before"
check "the log says so" log_has 'xg-balloon: a process is short of memory'
is "nobody was killed" "$(log_since | grep -c 'Out of memory: Killed')" 0
if [ -n "${XG_SOAK:-}" ]; then
	check "a minute later it goes back to its target" wait_for 100 at_target
else
	skip "a minute later it goes back to its target" "not in a short run"
fi
set_target "$full"
check "up again" settles_at "$full"
