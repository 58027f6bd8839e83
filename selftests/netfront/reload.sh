#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 900
#: tools ethtool
# Out and in again under traffic that checks itself, and other numbers of queues
# under traffic: it goes on by itself, and nothing is leaked.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../net.sh"
rounds=$(rounds 3 50)
module=$(module_file xg-netfront)
plan 8

as_first() { [ "$(held)" = "$first" ]; }
queues() { [ "$(stat_of queues)" = "$1" ] && net_there; }

# Packets until the file is gone; a wrong byte ends it. Lost ones are to be.
traffic() {
	while [ -e $flow ]; do
		netdata icmp "$peer" 20 3000
		[ $? -ne 1 ] || ! grep -q 'wrong byte' /tmp/flow.$$ || return 1
	done >/tmp/flow.$$ 2>&1
}
flow=/tmp/flow-on.$$
flow_start() {
	: >$flow
	traffic &
	flow_pid=$!
}
flow_stop() {
	rm -f $flow
	wait $flow_pid
}
cleanup "rm -f $flow"

net_up
wait_for 20 alive || skip_all "nobody answers at $peer"
log_mark
flow_start
outs=0 ins=0 resumed=0 same=0 first=
for i in $(seq "$rounds"); do
	sleep 0.5
	rmmod xg-netfront && outs=$((outs + 1))
	insmod "$module" && wait_for 30 net_there && ins=$((ins + 1))
	net_up
	wait_for 5 alive && resumed=$((resumed + 1))
	first=${first:-$(held)}
	if wait_for 5 as_first; then
		same=$((same + 1))
	else
		diag "round $i: $(held), at first $first"
	fi
done
flow_stop
is "no byte was wrong" $? 0
diag "each round: $first"
is "unloaded under traffic" $outs "$rounds"
is "loaded, connected" $ins "$rounds"
is "packets pass within 5 s" $resumed "$rounds"
is "grants, ports and watches stay the same" $same "$rounds"

all=$(ethtool -l $dev | sed -n 's/^Combined:[^0-9]*//p' | head -n 1)
if [ "${all:-1}" -gt 1 ]; then
	flow_start
	changed=0
	for i in $(seq "$rounds"); do
		ethtool -L $dev combined $((1 + i % all)) &&
			wait_for 10 queues $((1 + i % all)) &&
			wait_for 5 alive && changed=$((changed + 1))
	done
	is "ethtool -L under traffic" $changed "$rounds"
	flow_stop
	is "no byte was wrong then" $? 0
	ethtool -L $dev combined "$all" 2>/dev/null
	wait_for 10 queues "$all"
else
	skip "ethtool -L under traffic" "the backend has one queue"
	skip "no byte was wrong then" "the backend has one queue"
fi
is "no grant is left with the backend" "$(counter grant deferred)" 0
