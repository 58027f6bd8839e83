#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One port's promises: late EOI, disable, kick, close under fire, storms, and
# every IPI counted. No peer is needed: the ports are bound to each other.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-evtchn
test_module xg-test-evtchn
dir=$XG_DEBUGFS/test-evtchn
plan 8

# kernel WHAT TEST NUMBER
kernel() { module_test "$1" "$dir/run" "$2 $3"; }

bound=$(counter evtchn bound)
kernel "ports open and close, bad ones are refused" open 20
kernel "nothing is delivered between an event and its EOI" eoi 0
kernel "what comes while the IRQ is disabled comes later" disable 0
kernel "a kick is an event" kick 0
kernel "a storm of spurious events is slowed, then forgiven" storm 1000
kernel "a port closes while events arrive" close "$(rounds 50 1000)"
kernel "no IPI is lost or doubled" ipi "$(rounds 4000 40000)"
diag "$(cat "$dir/result")"
is "no port is left open" "$(counter evtchn bound)" "$bound"
