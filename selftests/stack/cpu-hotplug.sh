#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 600
# Each CPU that can go offline goes and comes back, again and again, while disk I/O
# and streams run that check themselves: no interrupt is lost, no byte is wrong.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
scratch_disk
cpus=$(ls -d /sys/devices/system/cpu/cpu[0-9]*/online 2>/dev/null)
[ -n "$cpus" ] || skip_all "no CPU can be taken offline"
rounds=$(rounds 10 100)
plan $(($(echo "$cpus" | wc -l) + 5))

# Of our interface; other drivers' has no address.
[ ! -e /sys/bus/xg/devices/vif-0/net ] || . "${0%/*}/../net.sh"
echoing() { net_up && wait_for 4 echoes; }
streams=
if [ -n "${peer:-}" ] && echoing; then
	streams_start 1
	streams=yes
fi
storm_start "$disk" 32 4
done=0
wanted=0
for online in $cpus; do
	round=0
	wanted=$((wanted + rounds))
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		echo 0 >"$online" && sleep 0.1 && echo 1 >"$online" &&
			done=$((done + 1))
		sleep 0.1
	done
	check "I/O went on beside $(basename "${online%/online}")" eval "! ended $storm_pid"
done
storm_stop
status=$?
diag "$(cat /tmp/storm.$$)"
is "each CPU went and came back $rounds times" $done $wanted
is "no I/O failed, no byte was wrong" $status 0
if [ -n "$streams" ]; then
	streams_stop
	is "no byte of the streams was wrong" $? 0
	diag "$(streams_done) times two streams of a MiB"
	check "streams ended beside it" [ "$(streams_done)" -gt 0 ]
elif [ -n "${peer:-}" ]; then
	fail "no byte of the streams was wrong"
	fail "streams ended beside it"
	diag "nobody answers at $peer"
else
	skip "no byte of the streams was wrong" "no interface of ours"
	skip "streams ended beside it" "no interface of ours"
fi
check "no I/O waited 10 s (a lost interrupt)" test "$(storm_worst_ms)" -lt 10000
