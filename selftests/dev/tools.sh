#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: tools xenstore-read xenstore-write xenstore-ls xenstore-list xenstore-rm xenstore-exists xenstore-watch
#: timeout 200
# Debian's own tools for the store, unchanged.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../dev.sh"
need xg-dev
command -v xenstore-read >/dev/null || skip_all "no xenstore-utils"
plan 12
top=data/xg-tools
before=$(all_held)
cleanup "xenstore-rm $top 2>/dev/null"

like "xenstore-read" "$(xenstore-read domid)" '^[0-9]+$'
check "xenstore-write" xenstore-write $top/one 1 $top/two/three "2 3"
is "what was written" "$(xenstore-read $top/one $top/two/three | tr '\n' ,)" "1,2 3,"
is "xenstore-list" "$(xenstore-list $top | sort | tr '\n' ' ')" "one two "
is "xenstore-ls" "$(xenstore-ls $top | tr '\n' ',')" \
	'one = "1",two = "", three = "2 3",'
check "xenstore-exists" xenstore-exists $top/two
check "what is not there is not" sh -c "! xenstore-exists $top/three &&
	! xenstore-read $top/three 2>/dev/null"

xenstore-watch -n 3 $top/one >/tmp/watched.$$ &
watcher=$!
saw() { [ "$(wc -l </tmp/watched.$$)" -ge "$1" ]; }
wait_for 10 saw 1
xenstore-write $top/one 2
wait_for 10 saw 2
xenstore-write $top/one 3
wait $watcher
is "xenstore-watch" "$(tr '\n' ' ' </tmp/watched.$$)" "$top/one $top/one $top/one "

pids=
for i in 1 2 3 4 5 6 7 8; do
	(for j in 1 2 3 4 5; do
		xenstore-write $top/p$i $j &&
			[ "$(xenstore-read $top/p$i)" = $j ] || exit 1
	done) &
	pids="$pids $!"
done
wrong=0
for pid in $pids; do
	wait $pid || wrong=$((wrong + 1))
done
is "eight at a time, each reads what it wrote" $wrong 0
check "xenstore-rm" xenstore-rm $top
check "it is gone" sh -c "! xenstore-exists $top/one"
nothing_left "nothing is left of all that"
