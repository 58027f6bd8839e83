#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 1200
#: tools ethtool
# Streams, datagrams and pings at once, both ways, of every size, MTU 1500 and 9000,
# offloads changing meanwhile: not one byte is wrong. Ten minutes with XG_SOAK.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../net.sh"
seconds=$(rounds 12 600)

net_up
wait_for 20 alive || skip_all "nobody answers at $peer"
wait_for 10 echoes || skip_all "no netdata at $peer"
plan 7

flag=/tmp/mixed-on.$$
cleanup "rm -f $flag"
# flow NAME COMMAND...: over and over; a wrong byte ends it, and is its status. That
# many packets are lost (2) may be, where streams have filled every queue.
flow() {
	flow_log=/tmp/mixed-$1.$$
	shift
	: >$flow_log.count
	while [ -e $flag ]; do
		"$@" >$flow_log 2>&1
		case $? in
		0) echo >>$flow_log.count ;;
		2) : ;;
		*) exit 1 ;;
		esac
	done
	[ -s $flow_log.count ]
}
laps() { grep -c '' /tmp/mixed-$1.$$.count 2>/dev/null; }
verdict() {
	wait $2
	is "$1: every byte right" $? 0
	diag "$1: $(laps $1) times, the last: $(cat /tmp/mixed-$1.$$)"
}

: >$flag
flow streams netdata tcp "$peer" 4 4 &
streams=$!
flow datagrams netdata udp "$peer" 50 20000 &
datagrams=$!
flow pings netdata icmp "$peer" 50 9000 &
pings=$!

end=$(($(cut -d. -f1 /proc/uptime) + seconds))
i=0
changes=0
while [ "$(cut -d. -f1 /proc/uptime)" -lt $end ]; do
	i=$((i + 1))
	case $((i % 6)) in
	1) ip link set $dev mtu 9000 ;;
	2) ethtool -K $dev tso off ;;
	3) ethtool -K $dev gro off ;;
	4) ethtool -K $dev tx off ;;
	5) ip link set $dev mtu 1500 ;;
	0) ethtool -K $dev tx on tso on gro on ;;
	esac >/dev/null 2>&1 && changes=$((changes + 1))
	sleep 2
done
rm -f $flag
verdict streams $streams
verdict datagrams $datagrams
verdict pings $pings
is "MTU and offloads changed each time" $changes $i
is "no packet was in error" "$(sum tx errors) $(sum rx errors)" "0 0"
is "no queue is poisoned" "$(stat_of poisoned)" 0
is "no page is left with the backend" "$(counter grant deferred)" 0
ip link set $dev mtu 1500
ethtool -K $dev sg on tx on tso on gro on >/dev/null 2>&1
diag "$(ethtool -S $dev | grep -E 'packets|bytes' | grep -v ': 0$')"
