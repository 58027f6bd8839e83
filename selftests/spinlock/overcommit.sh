#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 1500
#: tools hackbench
# More vCPUs than processors, and somebody else's work beside them: locks as the
# kernel has them and with the module, in turn in one boot. A lock that processes,
# softirqs and hard interrupts share; threads that share a table of descriptors;
# hackbench. All that is told is figures, but for what must hold whatever they are.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../toolstack.sh"
. "${0%/*}/../contention.sh"
need xg-spinlock
[ -n "$(module_file xg-spinlock)" ] || skip_all "it is built in"
test_module xg-test-locks
rounds=$(rounds 5 11)
cpus=$(nproc)
figures=/tmp/figures.$$
plan 5

# note WHAT MODE VALUE
note() { echo "$@" >>$figures; }
# of WHAT MODE: "median least most"
of() {
	sed -n "s/^$1 $2 //p" $figures | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)], v[1], v[NR] }'
}
# show WHAT UNIT: both modes beside each other
show() {
	set -- "$@" $(of $1 yield) $(of $1 spin)
	diag "$1: yield $3 ($4 to $5), spin $6 ($7 to $8) $2"
}
measure() {
	again_with wait=$1 || return
	take 2000 2 || return
	note locks $1 $(result took_us)
	note longest $1 $(result longest_us)
	set -- $1 $(lockload $cpus 1500)
	[ -n "${2:-}" ] || return
	note dup $1 $2
	set -- $1 $(hackbench -g 2 -f 4 -l 100 2>&1 | sed -n 's/^Time: //p')
	[ -n "${2:-}" ] || return
	note hackbench $1 $2
	for key in contended yields claims waited_us longest_us; do
		note $key $1 $(counter spinlock $key)
	done
}

cleanup "again_with wait=spin"
cleanup "rm -f $figures"
cleanup "toolstack hog 0"
check "somebody else works beside the guest" toolstack hog 1
good=0
for i in $(seq "$rounds"); do
	# The first of a round is not always the same.
	if [ $((i % 2)) = 1 ]; then order="yield spin"; else order="spin yield"; fi
	for mode in $order; do
		measure $mode && good=$((good + 1))
	done
done
is "no turn was lost, none spoilt" $good $((2 * rounds))
show locks us
show longest "us, the longest wait of these"
show dup "calls in 1.5 s"
show hackbench s
for key in contended yields claims waited_us longest_us; do
	diag "$key: $(of $key yield)"
done
check "CPUs yielded" [ "$(of yields yield | cut -d' ' -f3)" -gt 0 ]
is "but not by wait=spin" "$(of yields spin)" "0 0 0"
nobody_starved
