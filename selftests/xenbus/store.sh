#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The store client, against the store there is; and that it leaves nothing there.
#: timeout 300
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-xenbus
test_module xg-test-xenbus
plan 19

# kernel WHAT TEST: one of the module's tests; its log tells where it failed
kernel() {
	log_mark
	if ktap_out=$( (echo "$2" >"$XG_DEBUGFS/test-xenbus") 2>&1); then
		ok "$1"
	else
		fail "$1" "$ktap_out
$(log_since | grep xg-)"
	fi
}

watches=$(counter xenbus watches)
reconnects=$(counter xenbus reconnects)
kernel "keys are written, read, made and removed" keys
kernel "directories are listed" directory
kernel "a long directory is listed, in parts where it must be" big-directory
kernel "numbers are whole, in range, or refused" numbers
kernel "errors have their names, and break nothing" errors
kernel "values up to what the store allows" sizes
kernel "paths up to what the protocol allows" paths
kernel "permissions" perms
kernel "transactions: run again on a conflict, undone on an error" transactions
kernel "watches fire in order, as often as they should, until unwatched" watches
kernel "a watch whose owner is slow is bounded" flood
kernel "8 callers at a time, each gets its own answer" parallel
is "it was never made anew" "$(counter xenbus reconnects)" "$reconnects"
kernel "a false answer is noticed, and the connection mended" lies
is "once" "$(counter xenbus reconnects)" $((reconnects + 1))
kernel "a transaction that it broke under is run again, whole" broken
is "once more" "$(counter xenbus reconnects)" $((reconnects + 2))
is "no watch is left" "$(counter xenbus watches)" "$watches"
is "the connection is up" "$(counter xenbus connection)" up
