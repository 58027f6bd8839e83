#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 900
#: tools ethtool
# Backends that lie, refuse or say nothing: made by fake-vif in dom0, one after the
# other, as vif 7. A lie costs the queue: no carrier, one queue poisoned, and when
# the interface has gone every grant and port is back.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-netfront
command -v wait_tell >/dev/null && wait_tell fake-vif 10 ||
	skip_all "no fake-vif in dom0 (host script of testbed/vm)"
cleanup "mark end-fake-vif"
mark begin-fake-vif
bus=/sys/bus/xg/devices/vif-7
stats=netfront/vif-7
plan 187

stat_of() { counter $stats "$1"; }
there() { [ -d $bus/net ] && dev=$(ls $bus/net) && [ -n "$dev" ]; }
gone() { [ ! -e $bus ]; }
live() { [ "$(stat_of live)" = 1 ]; }
link() { [ "$(cat /sys/class/net/$dev/carrier 2>/dev/null)" = "$1" ]; }
frames() { timeout 10 netdata raw "$dev" "$1" 600 >/dev/null 2>&1; }
poisoned() { [ "$(stat_of poisoned)" = 1 ]; }
hash_is() { [ "$(stat_of hash)" = "$1" ]; }
ctrl_is() { [ "$(stat_of ctrl)" = "$1" ]; }
has_table() { ethtool -x $dev >/dev/null 2>&1; }
lacks_table() { ! has_table; }
# Of all queues together
received() {
	ethtool -S $dev | awk '/ rx_queue_[0-9]+_packets:/ { n += $2 }
		END { print n + 0 }'
}
passing() { frames 20; [ "$(received)" -ge 20 ] && link 1; }
number() { ethtool -S $dev | sed -n "s/^ *$1: //p"; }
state() { echo "$(counter grant in_use) $(counter evtchn bound)"; }
back() { [ "$(state)" = "$before" ]; }
none_deferred() { [ "$(counter grant deferred)" = 0 ]; }

begin() {
	wait_tell "up-$1" 120 && wait_for 20 there && wait_for 20 live &&
		ip link set $dev up
}
end() {
	mark "done-$1"
	wait_tell "gone-$1" 120 && wait_for 20 gone
}
# A check runs its command in a shell of its own: $dev is read again.
come() {
	check "$1: the interface comes" begin "$1"
	dev=$(ls $bus/net)
}
go() {
	check "$1: it goes" end "$1"
	check "$1: grants and ports are back" wait_for 20 back
}
before=$(state)

for kind in good untrusted; do
	come $kind
	is "$kind: copied" "$(stat_of copy)" "$([ $kind = good ] && echo 0 || echo 1)"
	frames 20
	is "$kind: packets come back" "$(($(number rx_queue_0_packets) >= 40))" 1
	is "$kind: all is well" "$(stat_of poisoned) $(number rx_queue_0_errors)" "0 0"
	go $kind
done

come nolink
check "nolink: no carrier" wait_for 5 link 0
go nolink

come lie-numbers
is "lie-numbers: one queue" "$(stat_of queues)" 1
go lie-numbers

come error
frames 20
is "error: counted" "$(($(number tx_queue_0_errors) >= 20))" 1
is "error: not poisoned" "$(stat_of poisoned)" 0
go error

for kind in rx-error rx-status rx-gso; do
	come $kind
	frames 20
	is "$kind: counted" "$(($(number rx_queue_0_errors) >= 10))" 1
	is "$kind: not poisoned" "$(stat_of poisoned)" 0
	go $kind
done

# Nobody answers: the interface goes all the same, and what it sent with it.
come mute
frames 400
is "mute: not poisoned" "$(stat_of poisoned)" 0
go mute

come keep
frames 20
go keep
check "keep: nothing is left with the backend" wait_for 60 none_deferred

for kind in badid badstatus null twice many rx-id rx-size rx-offset rx-flags \
	    rx-chain rx-extra rx-extras rx-many rx-keep rx-badhash; do
	wait_tell up-$kind 120
	wait_for 20 there && wait_for 20 live && ip link set $dev up
	frames 20
	check "$kind: the queue is poisoned" wait_for 5 poisoned
	check "$kind: no carrier" wait_for 5 link 0
	check "$kind: it goes" end $kind
	check "$kind: grants and ports are back" wait_for 60 back
done

# Not asked for, but well-formed.
come rx-hash
ethtool -K $dev rxhash on
frames 20
is "rx-hash: counted" "$(($(number rx_queue_0_hashed) >= 10))" 1
is "rx-hash: not poisoned" "$(stat_of poisoned)" 0
go rx-hash

# Control rings. A lie costs the ring, and nothing else.
for kind in ctrl-good ctrl-data; do
	come $kind
	ethtool -K $dev rxhash on
	check "$kind: Toeplitz" wait_for 10 hash_is toeplitz
	check "$kind: the control ring is ready" ctrl_is ready
	is "$kind: a table of 128" "$(ethtool -x $dev | awk '/^ +[0-9]+:/ {
		n += NF - 1 } END { print n + 0 }')" 128
	check "$kind: packets come back" passing
	is "$kind: not poisoned" "$(stat_of poisoned)" 0
	go $kind
done

come ctrl-refuse
ethtool -K $dev rxhash on
check "ctrl-refuse: the control ring is ready" wait_for 10 ctrl_is ready
is "ctrl-refuse: no hash" "$(stat_of hash)" none
check "ctrl-refuse: packets come back" passing
go ctrl-refuse

for kind in ctrl-mute ctrl-id ctrl-type ctrl-status ctrl-many ctrl-calls; do
	log_mark
	come $kind
	check "$kind: the control ring is given up" wait_for 15 ctrl_is dead
	check "$kind: the log says so" log_has 'control ring; it is not used'
	check "$kind: there is no table to be shown" lacks_table
	check "$kind: packets come back" passing
	is "$kind: live, not poisoned" "$(stat_of live) $(stat_of poisoned)" "1 0"
	go $kind
done

# It goes while it is still waited for.
come ctrl-leave
go ctrl-leave

check "nothing is left with any backend" wait_for 60 none_deferred
