# SPDX-License-Identifier: GPL-2.0-only
# For tests that have CPUs contend for locks: source it after stack.sh.
dir=$XG_DEBUGFS/test-locks
waits=/tmp/waits.$$
stop=/tmp/stop.$$
cleanup "rm -f $waits $stop"

result() { counter test-locks/result "$1"; }

# take TURNS MICROSECONDS: so many on each CPU, each so long
take() {
	echo "$*" >"$dir/run" && result longest_us >>$waits
}

# contend: turns in the background, until contended WHAT
contend() {
	rm -f $stop
	(
		while take 2000 2; do
			[ ! -e $stop ] || exit 0
		done
		exit 1
	) &
	job=$!
	cleanup "touch $stop"
}

contended() {
	touch $stop
	wait $job
	is "no turn is lost, none spoilt: $1" $? 0
}

# nobody_starved: the last result of a test
nobody_starved() {
	longest=$(sort -n $waits | tail -n 1)
	diag "the longest wait was $longest us"
	check "nobody waited for seconds" [ "$longest" -lt 2000000 ]
}

# again_with [PARAMETER...]: the module anew; without any, it yields
again_with() {
	[ $# -gt 0 ] || set -- wait=yield
	if loaded xg-spinlock; then rmmod xg-spinlock || return; fi
	try_insmod xg-spinlock "$@"
}
