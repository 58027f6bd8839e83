#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# /dev/xen/evtchn: a port that fired is masked until it is written back.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../dev.sh"
need xg-dev
plan 14

events() { program dev-evtchn "$@"; }
before=$(all_held)

events "1000 events, each to the other end" channel
events "one at a time, none lost" masked
events "without waiting; at a bad address none is lost" nonblock
events "a reader that sleeps is woken" blocked
events "SIGIO" fasync
events "an overflow is told, and can be reset" overflow
events "no more ports than there may be" limit
events "what is not bound here is refused" unbound
events "a VIRQ has one owner" virq
events "a file that is restricted" restricted
nothing_left "nothing is left of all that"

start dev-evtchn hold
is "a process holds ports" "$said" holding
is "they are counted" "$(counter dev ports)" 20
killed
nothing_left "killed, it leaves nothing"
