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
loaded xg-test-evtchn || try_insmod xg-test-evtchn ||
	skip_all "xg-test-evtchn is not to be had"
dir=$XG_DEBUGFS/test-evtchn
plan 14

# kernel WHAT TEST NUMBER: see ports.sh
kernel() {
	log_mark
	if ktap_out=$( (echo "$2 $3" >"$dir/run") 2>&1); then
		ok "$1"
	elif [ "$2" = high ] && echo "$ktap_out" | grep -q 'No space'; then
		skip "$1" "the guest's configuration needs max_event_channels=6000"
	else
		fail "$1" "$ktap_out
$(log_since | grep xg-)"
	fi
}

bound=$(counter evtchn bound)
kernel "what is urgent comes first" urgent 0
kernel "ports beyond the first page of words" high 1100
kernel "ports beyond those of 2-level events" high 4200
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
kernel "what is urgent comes first, still" urgent 0
kernel "ports beyond the first page, still" high 1100
check "no word of failure" sh -c \
	"! dmesg | grep -E 'leads nowhere|no FIFO events|not ours'"
