#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A program here and one in dom0, where vchan runs as host script of testbed/vm, by
# dom0's own /dev/xen: each serves once, each joins once, and then one of them dies.
#: timeout 300
. "${0%/*}/../ktap.sh"
. "${0%/*}/../dev.sh"
need xg-dev
command -v wait_tell >/dev/null && wait_tell vchan 10 ||
	skip_all "no vchan in dom0 (host script of testbed/vm)"
plan 9
before=$(all_held)

# theirs NAME: what dom0 serves
theirs() {
	wait_for 60 sh -c "ls /run/tell | grep -q '^$1\.'" &&
		ls /run/tell | sed -n "s/^$1\.//p" | tr . ' '
}

start vchan serve 0
like "we serve" "$said" '^[0-9]+\.[0-9]+\.[0-9]+$'
mark "vchan-all.$said"
hear
is "4 MiB each way, as they were sent" "$said" all
exec 9>&-

check "we join, 4 MiB each way" sh -c \
	"vchan join 0 $(theirs vchan-all) | grep -q '^all$'"

start vchan serve 0 die
mark "vchan-die.$said"
wait $started
is "we die in the middle of it" $? 137
exec 9>&-
there=$(theirs vchan-die)
check "dom0 is told, and serves again" test -n "$there"
sh -c "exec vchan join 0 $there die" >/tmp/joined.$$ 2>&1
is "we die having joined" $? 137
check "dom0 is told that, too" wait_tell vchan-done 30
is "no page is left with dom0" "$(wait_for 20 sh -c \
	"grep -q '^deferred 0' $XG_DEBUGFS/grant"; counter grant deferred)" 0
nothing_left "nothing is left of all that"
