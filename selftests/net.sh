# SPDX-License-Identifier: GPL-2.0-only
# The interface under test: source it after stack.sh. Sets $dev (eth0), $device
# (vif-0) and $peer, the other end: 192.0.2.1, or XG_PEER. It answers pings; for
# the rest netdata must run there, as it does beside the guests of testbed/suite.
need xg-netfront
peer=${XG_PEER:-192.0.2.1}
set -- /sys/bus/xg/devices/vif-*/net/*
[ -e "$1" ] || skip_all "no interface of xg-netfront"
dev=${1##*/}
device=${1%/net/*}
device=${device##*/}

stat_of() { counter "netfront/$device" "$1"; }
net_there() { [ -e /sys/class/net/$dev ] && [ "$(stat_of live)" = 1 ]; }
net_up() {
	ip link set $dev up
	ip address show dev $dev | grep -q 192.0.2.2/ ||
		ip address add 192.0.2.2/24 dev $dev
}
pings() { netdata icmp "$peer" "$@"; }
alive() { pings 1 56 >/dev/null; }
echoes() { netdata udp "$peer" 1 10 >/dev/null 2>&1; }

# sum KIND KEY: a number of all queues together (ethtool -S)
sum() {
	ethtool -S $dev | awk -v key="^ *$1_queue_[0-9]+_$2:" \
		'$0 ~ key { n += $2 } END { print n + 0 }'
}

# streams_start MIB: two streams of so much each, both ways, again and again
streams_start() {
	streams_on=/tmp/streams-on.$$
	: >$streams_on
	: >/tmp/streams-done.$$
	while [ -e $streams_on ]; do
		netdata tcp "$peer" "$1" 2 >/tmp/streams.$$ 2>&1 || exit 1
		echo >>/tmp/streams-done.$$
	done &
	streams_pid=$!
	cleanup "rm -f $streams_on"
}
streams_done() { grep -c '' /tmp/streams-done.$$; }
# streams_stop: 0 where no byte was wrong
streams_stop() {
	rm -f $streams_on
	wait $streams_pid
}
