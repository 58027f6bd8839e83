#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 600
# Backends that lie or say nothing: made by fake-console in dom0, one after the other,
# as console 9. A lie costs the console, and when it has gone every grant and port is
# back.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-console
command -v wait_tell >/dev/null && wait_tell fake-console 10 ||
	skip_all "no fake-console in dom0 (host script of testbed/vm)"
cleanup "mark end-fake-console"
mark begin-fake-console
stats=console/hvc9
bus=/sys/bus/xg/devices/console-9
plan 64

there() { [ -c /dev/hvc9 ] && [ "$(cat $bus/state)" = Connected ]; }
gone() { [ ! -e $bus ] && [ ! -e /dev/hvc9 ]; }
broken() { [ "$(counter $stats state)" = broken ]; }
held_now() { echo "$(counter grant in_use) $(counter evtchn bound)"; }
back() { [ "$(held_now)" = "$before" ]; }
none_deferred() { [ "$(counter grant deferred)" = 0 ]; }
# echoes WORD: of five letters, sent and had back
echoes() {
	printf '%s' "$1" >&5
	got=$(timeout 10 head -c 5 <&5)
	[ "$got" = "$1" ]
}
come() {
	check "$1: the console comes" eval "wait_tell up-$1 120 && wait_for 20 there"
	exec 5<>/dev/hvc9
	stty raw -echo <&5
	check "$1: bytes come back" echoes hello
}
go() {
	check "$1: it goes" eval "mark done-$1; wait_tell gone-$1 120 && wait_for 30 gone"
	exec 5>&-
	check "$1: grants and ports are back" wait_for 20 back
}
before=$(held_now)

come good
check "good: and once more" echoes again
is "good: it is up" "$(counter $stats state)" up
go good

for kind in in-many in-back out-many out-back; do
	come $kind
	log_mark
	timeout 20 cat <&5 >/dev/null 2>&1 &
	reader=$!
	printf lies >&5
	check "$kind: the console is given up" wait_for 10 broken
	check "$kind: in one line" wait_for 5 log_has 'hvc9: .*impossible indices'
	is "$kind: of the log" "$(log_since | grep -c 'hvc9:')" 1
	check "$kind: the reader hears so" wait_for 10 ended $reader
	check "$kind: nobody else can open it" eval '! : 2>/dev/null >/dev/hvc9'
	go $kind
done

# Events without anything to do cost time, and less of it the more they are.
come flood
events=$(counter $stats events)
check "flood: bytes come back" echoes after
events=$(($(counter $stats events) - events))
diag "flood: $events of 20000 events"
is "flood: it is up" "$(counter $stats state)" up
check "flood: not an event each" test $events -lt 20000
go flood

# Nobody takes anything: it goes all the same.
come mute
full=$(counter $stats full)
(cat /dev/zero >&5 2>/dev/null; : >/tmp/mute.$$) &
cleanup "rm -f /tmp/mute.$$"
is_full() { [ "$(counter $stats full)" -gt "$full" ]; }
check "mute: a writer waits" wait_for 10 is_full
go mute
check "mute: the writer hears so" wait_for 10 test -e /tmp/mute.$$

come keep
check "keep: it goes" eval "mark done-keep; wait_tell gone-keep 120 && wait_for 30 gone"
exec 5>&-
check "keep: its page waits" eval '! none_deferred'

come die
log_mark
check "die: it goes" eval "mark done-die; wait_tell gone-die 120 && wait_for 30 gone"
exec 5>&-

check "in the end nothing is left with any backend" wait_for 60 none_deferred
check "and grants and ports are back" back
