#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 500
# Bytes both ways, on the domain's own console and on one of the store's: each
# arrives, whichever end is slow, and the host is told of batches.
. "${0%/*}/../ktap.sh"
. "$XG_TESTS/console.sh"
[ -c /dev/hvc1 ] || skip_all "the guest's configuration has no channel"
[ "$(counter console/hvc0 printk)" = 0 ] || skip_all "the kernel prints on hvc0"
mib=1048576
plan 42

head -c $mib /dev/urandom >$files.out
out_sum=$(sum_of $files.out)
is_sent() { [ "$(sum_of $files.in)" = "$in_sum" ]; }

# send N BYTES: the host types them; they sum up to $in_sum
send() {
	toolstack send "$1" "$2"
	is "hvc$1: the host sends $2 bytes" $? 0
	in_sum=$answer
}

# told_little N WHAT BEFORE: by now, no notification for each few bytes of a MiB
told_little() {
	ktap_told=$(($(stat_of "$1" notifications) - $3))
	diag "hvc$1: $ktap_told notifications for a MiB $2"
	check "hvc$1: not one for each few bytes $2" test $ktap_told -le $((mib / 64))
}

# both_ways N: opened as 5
both_ways() {
	raw 5
	check "hvc$1: somebody listens" toolstack listen "$1"
	toolstack clear "$1"
	told=$(stat_of "$1" notifications)
	check "hvc$1: a MiB goes out" \
		timeout 120 dd if=$files.out of=/dev/hvc$1 bs=64k
	check "hvc$1: the host has it" wait_for 60 host_has "$1" $mib
	check "hvc$1: byte for byte" host_sum "$1" "$out_sum"
	told_little "$1" out "$told"

	told=$(stat_of "$1" notifications)
	send "$1" $mib
	timeout 120 head -c $mib <&5 >$files.in
	is "hvc$1: all of it comes" "$(stat -c %s $files.in)" $mib
	check "hvc$1: byte for byte" is_sent
	told_little "$1" in "$told"
	is "hvc$1: nothing was dropped" "$(stat_of "$1" dropped)" 0
}

exec 5<>/dev/hvc0
both_ways 0
exec 5>&-
exec 5<>/dev/hvc1
both_ways 1
exec 5>&-

# Lines, as a shell has them
exec 5<>/dev/hvc0
toolstack clear 0
told=$(stat_of 0 notifications)
seq 400 >&5
check "lines: the last one arrives" wait_for 20 heard 0 '^400.$'
toolstack numbers 0
is "lines: each, with its two ends" "$answer" 400
told=$(($(stat_of 0 notifications) - told))
diag "$told notifications for 400 lines"
check "lines: not one notification for each" test $told -le 100
check "somebody types" toolstack type 0 typed-line
read -r -t 20 line <&5
is "it is read" "$line" typed-line
check "and echoed" wait_for 10 heard 0 typed-line
toolstack leave 0
check "xl console sends and shows" toolstack xl by-xl
read -r -t 20 line <&5
is "what it has sent is read" "$line" by-xl
toolstack listen 0

# A host that does not read
raw 5
toolstack clear 0
check "the host stops to read" toolstack stop
cleanup "toolstack go-on"
out=$(stat_of 0 out) full=$(stat_of 0 full)
cat $files.out >&5 &
writer=$!
is_full() { [ "$(stat_of 0 full)" -gt "$full" ]; }
check "who writes waits for room" wait_for 20 is_full
check "the ring is full, and no more" test $(($(stat_of 0 out) - out)) -le 2048
check "it reads again" toolstack go-on
check "the host has it all" wait_for 60 host_has 0 $mib
check "byte for byte" host_sum 0 "$out_sum"
wait $writer
is "who wrote ends well" $? 0

# A guest that does not read: what the tty cannot hold stays with the host
in=$(stat_of 0 in)
send 0 200000
still() { now=$(stat_of 0 in); sleep 1; [ "$(stat_of 0 in)" = "$now" ]; }
some_came() { [ "$(stat_of 0 in)" -gt "$in" ]; }
check "some of it is taken" wait_for 20 some_came
check "and then no more" wait_for 30 still
check "but a part" test $(($(stat_of 0 in) - in)) -le 150000
timeout 60 head -c 200000 <&5 >$files.in
check "it is read in the end, byte for byte" is_sent

# A closed console takes nothing
exec 5>&-
in=$(stat_of 0 in) events=$(stat_of 0 events)
another_event() { [ "$(stat_of 0 events)" -gt "$events" ]; }
toolstack type 0 early
wait_for 10 another_event
is "what comes while nobody has it open waits" "$(stat_of 0 in)" "$in"
exec 5<>/dev/hvc0
read -r -t 20 line <&5
is "for who opens it" "$line" early
