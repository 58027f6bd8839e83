#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: tools xenstore-read xenstore-write
#: timeout 100
# A machine is not saved while a page of another domain's is mapped: the toolstack's
# word is answered, the log says what is in the way, and all goes on.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../dev.sh"
need xg-dev xg-control
command -v wait_tell >/dev/null && wait_tell vchan 10 ||
	skip_all "no vchan in dom0 (host script of testbed/vm)"
before=$(all_held)

answered() { [ -z "$(xenstore-read control/shutdown)" ]; }
in_log() { log_has "$1"; }

start dev-open
if [ "$(counter grant mapped)" = 0 ]; then
	killed
	skip_all "no page of dom0's to map"
fi
plan 6
log_mark
check "a save is asked for" xenstore-write control/shutdown suspend
check "it is answered" wait_for 10 answered
check "the log says what is in the way" wait_for 10 in_log \
	'xg-grant: .* pages of other domains are mapped'
check "and that it is not done" wait_for 10 in_log 'suspend: not possible'
check "the store answers, as before" xenstore-read domid
killed
nothing_left "nothing is left of all that"
