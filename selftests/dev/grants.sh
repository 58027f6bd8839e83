#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# /dev/xen/gntalloc and /dev/xen/gntdev. The latter maps pages of dom0's, where vchan
# runs as host script of testbed/vm; without them, that is skipped.
#: timeout 200
. "${0%/*}/../ktap.sh"
. "${0%/*}/../dev.sh"
need xg-dev
! command -v wait_tell >/dev/null || wait_tell vchan 10
dev-grants map >/dev/null 2>&1
[ $? -ne 4 ] || export XG_ALONE=1
plan 20

grants() { program dev-grants "$@"; }
is_counted() { [ "$(counter grant "$1")" = "$2" ]; }
before=$(all_held)

grants "pages are shared, shown, given back while shown" alloc
grants "no more than there may be; what is not there is refused" alloc-limits
grants "a child's outlive the parent's" alloc-fork
grants "the end of a process is told by an event" alloc-notify
grants "pages are mapped, in any order, twice, in parts" map
grants "read-only is granted, read-only it is" map-readonly
grants "no more than there may be; what is not granted is refused" map-limits
grants "600 at once" map-many
grants "the end of a mapping is told by a byte and an event" map-notify
grants "copies, whole and across pages; what is wrong is refused" copy
nothing_left "nothing is left of all that"

# A pipe has the page after the process has unmapped it.
start dev-grants map-referenced
if [ "$said" = holding ]; then
	is "a page in use elsewhere stays mapped" "$(counter grant mapped)" 1
	talk on
	is "what was in it is read" "$said" "done"
	check "then it is unmapped" wait_for 10 is_counted mapped 0
	killed
else
	skip "a page in use elsewhere stays mapped" "not mapped: $said"
	skip "what was in it is read" "not mapped"
	skip "then it is unmapped" "not mapped"
	exec 9>&-
fi
nothing_left "nothing is left of that, either"

start dev-grants hold
is "a process holds pages" "$said" holding
is "they are counted" "$(counter dev grants) $(counter dev room)" "5 $([ -n "${XG_ALONE:-}" ] && echo 2 || echo 7)"
killed
nothing_left "killed, it leaves nothing"

start dev-grants hold
check "rmmod is refused while a file is open" sh -c '! rmmod xg-dev 2>/dev/null'
killed
nothing_left "and no harm is done"
