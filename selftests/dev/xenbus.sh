#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# /dev/xen/xenbus: the store by its own protocol, each file for itself; nothing of a
# process outlives it.
#: timeout 200
. "${0%/*}/../ktap.sh"
. "${0%/*}/../dev.sh"
need xg-dev
plan 16

store() { program dev-xenbus "$@"; }
before=$(all_held)
cleanup "dev-xenbus clean"

store "a request is answered" request
store "in pieces of a byte, too" partial
store "of two in one write none is lost" two-at-once
store "what is wrong is refused, and does no harm" errors
store "without waiting; what is not read is bounded" nonblock
store "a transaction is its file's alone" transaction
store "whoever comes second is told to try again" conflict
store "a file that is closed aborts its own" aborted
store "watches fire, each with its token, until they are removed" watch
store "no more watches than there may be" watch-limit
store "events nobody reads are bounded, the last is not lost" flood
store "/proc/xen/xenbus is the same" proc
nothing_left "nothing is left of all that"

start dev-xenbus hold
is "a process holds watches and transactions" "$said" holding
is "they are counted" \
	"$(counter dev watches) $(counter dev transactions)" "5 3"
killed
nothing_left "killed, it leaves nothing"
