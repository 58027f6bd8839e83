#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# What FIFO events have on top of 2-level ones: priorities, more ports; and what
# becomes of them over a reload. Only where the guest was started with abi=fifo:
# there is no way back that would leave it as it was.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-evtchn

[ "$(counter evtchn abi)" = fifo ] || skip_all "events are 2-level: load xg-evtchn with abi=fifo"
test_module xg-test-evtchn
dir=$XG_DEBUGFS/test-evtchn
plan 14

urgent() { module_test "$1" "$dir/run" "urgent 0"; }
# high WHAT NUMBER: ports from that number on
high() {
	module_test "$1" "$dir/run" "high $2" "No space" \
		"the guest's configuration needs max_event_channels=6000"
}

bound=$(counter evtchn bound)
urgent "what is urgent comes first"
high "ports beyond the first page of words" 1100
high "ports beyond those of 2-level events" 4200
is "no port is left open" "$(counter evtchn bound)" "$bound"

# again WHAT PARAMETER: the stack with other parameters, in the same domain
again() {
	stack_down
	log_mark
	evtchn="$(options_of xg-evtchn)$2"
	check "$1: loads" stack_up
	is "$1: events are FIFO" "$(counter evtchn abi)" fifo
	check "$1: the disk reads" read_disk
}

stack_take_down
again "abi=2level" abi=2level
check "and the log says why they still are" log_has "abi=2level is not possible"
again "abi=fifo again" abi=fifo
try_insmod xg-test-evtchn
urgent "what is urgent comes first, still"
high "ports beyond the first page, still" 1100
check "no word of failure" sh -c \
	"! dmesg | grep -E 'leads nowhere|no FIFO events|not ours'"
