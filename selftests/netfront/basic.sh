#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 400
#: tools ethtool
# Packets of all sizes to the other end and back, compared byte by byte, with and
# without offloads; the link, the driver and the number of queues change between.
#
# The other end is 192.0.2.1 (XG_PEER): any machine answers pings; for the rest
# netdata must run there, as it does as host script of testbed/vm --engine xen.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../net.sh"
driver=/sys/bus/xg/drivers/xg-vif
plan 32

link() { [ "$(cat /sys/class/net/$dev/carrier 2>/dev/null)" = "$1" ]; }
# with_peer WHAT COMMAND...: needs netdata at the other end
with_peer() {
	if [ -n "$netdata" ]; then
		check "$@"
	else
		skip "$1" "no netdata at $peer"
	fi
}
gone() { [ ! -e /sys/class/net/$dev ]; }
feature() { ethtool -k $dev | sed -n "s/^$1: \([a-z]*\).*/\1/p"; }

net_up
check "connected" wait_for 30 net_there
check "carrier" wait_for 10 link 1
like "its address is the toolstack's" "$(cat /sys/class/net/$dev/address)" '^00:16:3e:'
check "somebody answers" wait_for 20 alive
netdata=
wait_for 3 echoes && netdata=yes

like "ethtool -i" "$(ethtool -i $dev)" 'driver: xg-netfront'
like "ethtool -l" "$(ethtool -l $dev)" 'Combined:.*[1-9]'
like "ethtool -g" "$(ethtool -g $dev)" 'RX:.*256'
diag "$(ethtool -k $dev | grep -E '^(tx-checksumming|scatter-gather|tcp-segmentation-offload|generic-receive-offload|rx-checksumming)')"

before=$(sum tx packets)
check "pings of up to 1400 bytes" pings 200 1400
check "in pieces" pings 40 8000
is "were counted" $(($(sum tx packets) >= before + 240)) 1
with_peer "datagrams of up to 1400 bytes" netdata udp "$peer" 200 1400
with_peer "in pieces" netdata udp "$peer" 40 20000
with_peer "one stream" netdata tcp "$peer" 8 1
with_peer "four streams" netdata tcp "$peer" 4 4

for off in "tx off" "tso off" "sg off" "gro off" "rx off"; do
	ethtool -K $dev $off >/dev/null 2>&1
	if [ -n "$netdata" ]; then
		check "$off" netdata tcp "$peer" 2 2
	else
		check "$off" pings 20 4000
	fi
	ethtool -K $dev ${off% *} on >/dev/null 2>&1
done
# What hangs on a feature that was off comes back only by name.
ethtool -K $dev sg on tso on >/dev/null 2>&1

if [ "$(feature scatter-gather)" = on ]; then
	check "MTU 9000 is taken" ip link set $dev mtu 9000
	check "and works" pings 20 8000
	ip link set $dev mtu 1500
else
	check "MTU 9000 is refused without scatter-gather" \
		sh -c "! ip link set $dev mtu 9000 2>/dev/null"
	skip "and works" "no scatter-gather"
fi

ip link set $dev down
net_up
check "down and up: packets pass within 3 s" wait_for 3 alive

# A conversation: an event for what comes, none that says what was sent has been.
conversation() {
	ktap_before=$(sum tx interrupts)
	pings 200 56 >/dev/null &&
		[ $(($(sum tx interrupts) - ktap_before)) -lt 50 ]
}
what="events of a conversation are the other end's"

queues=$(stat_of queues)
if [ "$queues" -gt 1 ]; then
	fewer() { [ "$(stat_of queues)" = "$1" ] && net_there; }
	ethtool -L $dev combined 1
	check "one queue" wait_for 10 fewer 1
	check "packets pass" wait_for 5 alive
	check "$what" wait_for 30 conversation
	ethtool -L $dev combined "$queues"
	check "$queues queues" wait_for 10 fewer "$queues"
	check "packets pass again" wait_for 5 alive
else
	check "$what" wait_for 30 conversation
	for what in "one queue" "packets pass" "all queues" "packets pass again"; do
		skip "$what" "the backend has one"
	done
fi

first= came=0 same=0
for i in 1 2 3; do
	echo "$device" >$driver/unbind && gone &&
		echo "$device" >$driver/bind && wait_for 20 net_there || break
	net_up
	wait_for 10 alive && came=$((came + 1))
	now=$(held)
	first=${first:-$now}
	[ "$now" = "$first" ] && same=$((same + 1)) ||
		diag "round $i: $now, at first $first"
done
is "the driver goes and comes back" $came 3
is "no grant, port or watch is leaked" $same 3
is "no packet was wrong" "$(sum tx errors) $(sum rx errors)" "0 0"
is "no queue is poisoned" "$(stat_of poisoned)" 0
is "no page is left with the backend" "$(counter grant deferred)" 0
diag "$(grep '^queue ' "$XG_DEBUGFS/netfront/$device")"
diag "$(ethtool -S $dev | grep -v ': 0$')"
