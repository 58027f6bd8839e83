#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 400
#: tools ethtool
#: modules veth
# XDP: each action is counted and does what it says, frames go to another interface
# and come from one, programs come and go under traffic, and nothing is leaked.
#
# The other end is 192.0.2.1 (XG_PEER), which answers pings; streams need netdata
# there. A program that comes or goes has the connection made anew.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../net.sh"
net=/sys/class/net
plan 45

# grew BEFORE AFTER LEAST: prints yes, or by how much
grew() { [ $(($2 - $1)) -ge "$3" ] && echo yes || echo "$(($2 - $1))"; }
packets() { cat $net/$1/statistics/rx_packets; }
# Four are sent, and what answers come are taken.
silent() { ! pings 16 56 >/dev/null; }
same() { [ "$(held)" = "$before" ]; }
# made_for 0|1: the connection is there, and without (0) or with a program (1)
made_for() { [ "$(stat_of live) $(stat_of plain)" = "1 $1" ]; }
up() { ip link set $1 up; }

net_up
check "connected" wait_for 30 made_for 0
check "somebody answers" wait_for 20 alive
netdata=
wait_for 3 echoes && netdata=yes
before=$(held)
cleanup "xdpload $dev off"

# --- sizes ----------------------------------------------------------------------

refused() { ! ip link set $dev mtu 9000 2>/dev/null; }
if refused; then
	skip "an interface of large MTU is given no program" "it cannot be had"
else
	like "an interface of large MTU is given no program" \
		"$(xdpload $dev pass)" "too large"
	ip link set $dev mtu 1500
fi

# --- one action after the other ------------------------------------------------

check "a program that passes all" xdpload $dev pass
check "the connection is made anew" wait_for 20 made_for 1
check "packets pass" wait_for 20 alive
check "a large MTU is refused now" refused
old=$(sum rx xdp_pass)
check "of all sizes, and in pieces" pings 100 4000
is "and are counted" "$(grew $old "$(sum rx xdp_pass)" 100)" yes
if [ -n "$netdata" ]; then
	check "streams pass" netdata tcp "$peer" 2 2
else
	skip "streams pass" "no netdata at $peer"
fi
is "no packet was too large" "$(sum rx xdp_large)" 0

check "a program that wants headroom" xdpload $dev headroom
check "has it" pings 50 1400

old=$(sum rx xdp_drops)
check "a program that drops all" xdpload $dev drop
check "nothing comes through" silent
is "drops are counted" "$(grew $old "$(sum rx xdp_drops)" 2)" yes
is "it was no error" "$(sum rx xdp_errors)" 0

old=$(sum rx xdp_errors)
check "a program that aborts" xdpload $dev aborted
check "nothing comes through that either" silent
is "errors are counted" "$(grew $old "$(sum rx xdp_errors)" 2)" yes

check "one that passes, after them" xdpload $dev pass
check "packets pass again" wait_for 10 alive
old=$(sum rx xdp_tx) sent=$(sum tx xdp) errors=$(sum rx xdp_errors)
check "a program that sends all back" xdpload $dev tx
check "nothing stays here" silent
is "what went back is counted" "$(grew $old "$(sum rx xdp_tx)" 2)" yes
is "as sent, too" "$(grew $sent "$(sum tx xdp)" 2)" yes
is "nothing failed" "$(sum rx xdp_errors) $(sum tx errors)" "$errors 0"

# --- from and to another interface ------------------------------------------------

modprobe veth 2>/dev/null
ip link add xdpt0 type veth 2>/dev/null
there="" index=$(cat $net/xdpt0/iflink 2>/dev/null)
for name in $net/*; do
	[ "$(cat $name/ifindex 2>/dev/null)" = "${index:-none}" ] && there=${name##*/}
done
if [ -n "$there" ]; then
	cleanup "ip link delete xdpt0"
	up xdpt0
	up $there
	check "the other end of a pair takes frames" xdpload $there pass
	old=$(sum rx xdp_redirects) came=$(packets $there)
	check "a program that redirects all to it" xdpload $dev redirect xdpt0
	check "nothing stays here but" silent
	now=$(sum rx xdp_redirects)
	is "redirects are counted" "$(grew $old "$now" 2)" yes
	is "and come there" "$(grew $came "$(packets $there)" $((now - old)))" yes
	is "none failed" "$(sum rx xdp_errors)" "$errors"

	old=$(sum tx xdp) failed=$(sum tx errors)
	check "from the pair to us" xdpload $there redirect $dev
	check "frames are sent" netdata raw xdpt0 50 600
	is "and go out" "$(grew $old "$(sum tx xdp)" 50)" yes
	is "none fails" "$(sum tx errors)" "$failed"
else
	for what in pair redirect silent counted there failed from sent out none; do
		skip "a pair of interfaces: $what" "no veth here"
	done
fi

check "no program any more" xdpload $dev off
check "the connection is as before" wait_for 20 made_for 0
check "packets pass as before" wait_for 20 alive

# --- under traffic ------------------------------------------------------------------

busy=/tmp/xdp-busy.$$
: >$busy
while [ -e $busy ]; do
	pings 100 1400 >/dev/null
done &
traffic=$!
cleanup "rm -f $busy"
refused=0 late=0 rounds=$(rounds 6 100)
for i in $(seq $rounds); do
	xdpload $dev pass && xdpload $dev headroom || refused=$((refused + 1))
	# Half of them go before the connection is made anew.
	[ $((i % 2)) = 0 ] || wait_for 20 made_for 1 || late=$((late + 1))
	xdpload $dev off || refused=$((refused + 1))
	[ $((i % 2)) = 0 ] || wait_for 20 made_for 0 || late=$((late + 1))
done
is "$rounds times there and gone under traffic" "$refused $late" "0 0"
rm -f $busy
wait $traffic
check "packets pass after them" wait_for 20 alive
check "no grant or port is leaked" wait_for 20 same
is "no queue is poisoned" "$(stat_of poisoned)" 0
is "no page is left with the backend" "$(counter grant deferred)" 0
diag "$(ethtool -S $dev | grep -v ': 0$')"
