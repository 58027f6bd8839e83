#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# A module that has channels open as the root goes: they have no port any more, the
# log names them, and whatever their owner does with them harms nobody, before and
# after the next start.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-platform-pci
test_module xg-test-evtchn
dir=$XG_DEBUGFS/test-evtchn
disks=$(ls /sys/block | grep '^xvd')
plan 12

run() { echo "$1 ${2:-0}" >"$dir/run"; }
bound() { counter evtchn bound; }
as_before() { [ "$(bound)" = "$before" ]; }
disks_back() {
	for each in $disks; do
		the_disk "/dev/$each" || return 1
	done
}

before=$(bound)
for round in before after; do
	run listen && run load 2 || skip_all "no channels"
	log_mark
	check "$round: the root goes" rmmod xg-platform-pci
	check "$round: the log names a channel" \
		log_has 'xg-test-peer is still open: its port is taken away'
	[ "$round" = before ] || stack_up
	# Their threads notify all the while.
	run unload
	run hangup
	[ "$round" = before ] && check "$round: none can be opened" eval '! run listen'
	check "$round: the next start" stack_up
	check "$round: the disks are back" disks_back
	check "$round: no port is left" wait_for 30 as_before
done
module_test "channels work as ever" "$dir/run" "eoi 0"
