#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 240
# The disk is taken from its driver and given back: idle, under I/O, and open.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-blkfront
scratch_disk
name=${disk##*/}
driver=/sys/bus/xg/drivers/xg-vbd
device=$(basename "$(readlink -f "/sys/block/$name/device")")
plan 9

unbind() { echo "$device" >$driver/unbind; }
bind() { echo "$device" >$driver/bind; }
gone() { [ ! -e "/sys/block/$name" ]; }
there() { [ -e "/sys/block/$name" ] && [ -b "$disk" ]; }
cleanup "there || bind"
rounds=$(rounds 3 50)

check "data is written" diskdata write "$disk" 8 3 2
first= same=0 right=0
for i in $(seq "$rounds"); do
	unbind && gone && bind && wait_for 20 there || break
	now=$(held)
	[ -n "$first" ] || first=$now
	[ "$now" = "$first" ] && same=$((same + 1)) ||
		diag "round $i: $now, at first $first"
	diskdata verify "$disk" 8 3 2 >/dev/null && right=$((right + 1))
done
is "the disk comes back each time with its data" $right "$rounds"
is "no grant, port or watch is leaked" $same "$rounds"

ended=0
for i in 1 2 3; do
	storm_start "$disk" 8 4
	sleep 1
	unbind
	storm_ends 30 && ended=$((ended + 1))
	storm_stop
	bind && wait_for 20 there || break
done
is "I/O under way ends when the disk goes" $ended 3
is "still nothing leaked" "$(held)" "$first"

vecio hold "$disk" 8 >/tmp/hold.$$ &
wait_for 5 grep -q open /tmp/hold.$$
unbind
check "an open disk goes, too" wait_for 10 gone
wait_for 40 ended $!
is "who has it open gets errors or its end" \
	"$(tail -n 1 /tmp/hold.$$ | grep -cE 'error|No such|end')" 1
bind
check "it comes back" wait_for 20 there
check "and reads" read_disk
