#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Grants inside one domain: give and take back, a pool, the full table, threads,
# and (where Xen maps for us, so not on KVM's emulation) pages that are mapped.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-grant
test_module xg-test-grant
plan 9

# kernel WHAT TEST
kernel() {
	module_test "$1" "$XG_DEBUGFS/test-grant" "$2" "not supported" \
		"this Xen maps no grants of a guest"
}

frames=$(counter grant frames_max)
kernel "a page is granted and taken back" basic
kernel "a pool hands out what it has, and no more" pool
kernel "the table grows to its limit, is full, and empties" grow
is "the table stays at its limit" "$(counter grant frames)" "$frames"
kernel "100000 grants by four threads, none lost" race
kernel "a page that is mapped is not given back before it is let go" busy
kernel "nothing is mapped when one reference is bad" refused
is "no page is left with a peer" "$(counter grant deferred)" 0
is "no foreign page is left mapped" "$(counter grant mapped)" 0
