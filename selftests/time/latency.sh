#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 400
#: tools cyclictest
# How late a thread wakes that has slept for 10 ms, by cyclictest, idle and beside a
# process that spins on each CPU. With any driver: to be compared.
. "${0%/*}/../ktap.sh"
seconds=$(rounds 10 60)
cpus=$(grep -c '^processor' /proc/cpuinfo)
plan 4

# wakes WHAT: the least, the median, of a hundred the latest, of all the latest
wakes() {
	cyclictest -q -t "$cpus" -a -p 80 -i 10000 -d 0 -D "$seconds" -h 100000 \
		>/tmp/cyclic.$$ 2>&1
	is "$1: cyclictest ends well" $? 0
	line=$(awk '/^[0-9]/ { for (i = 2; i <= NF; i++) n[$1 + 0] += $i }
		END { for (us = 0; us < 100000; us++) all += n[us]
			for (us = 0; us < 100000; us++) {
				if (!n[us]) continue
				if (!sum) least = us
				sum += n[us]; most = us
				if (!half && sum >= all / 2) half = us
				if (!late && sum >= all * .99) late = us
			}
			print all + 0, least, half, late, most }' /tmp/cyclic.$$)
	diag "$1: wakes, us: least, median, 99th of 100, most: $line"
	check "$1: most sleeps were seen" \
		[ "${line%% *}" -ge $((seconds * cpus * 20)) ]
}

wakes idle
pids=
cleanup 'kill $pids 2>/dev/null'
for i in $(seq "$cpus"); do
	while :; do :; done &
	pids="$pids $!"
done
wakes busy
