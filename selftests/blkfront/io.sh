#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 240
# Reads and writes from awkward memory, flush, discard, zeroes, and that what a
# disk took from the queues comes back.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-blkfront
scratch_disk
plan 17

use() {
	disk=$1
	name=${disk##*/}
	queue=/sys/block/$name/queue
	stats=blkfront/$name
}
use "$disk"

limit() { cat "$queue/$1"; }
stat_of() { counter "$stats" "$1"; }

is "major number" "$(cut -d: -f1 "/sys/block/$name/dev")" 202
is "its statistics are there" "$(stat_of dead)" 0
is "a segment is within a page" "$(limit max_segment_size)" 4096
is "requests are as large as their segments" \
	"$(limit max_hw_sectors_kb)" $(($(limit max_segments) * 4))
is "zeroes are written, not hoped for" "$(limit write_zeroes_max_bytes)" 0

check "vectors with odd pieces" vecio check "$disk" 16
check "eight jobs" diskdata write "$disk" 32 5 8
check "and back" diskdata verify "$disk" 32 5 8

# Of two disks that may be overwritten one may offer more.
first=$disk
[ "$(limit discard_max_bytes)" -gt 0 ] || use "${XG_DATA_DISK:-$disk}"
before=$(stat_of requests)
dd if=/dev/zero of="$disk" bs=4k count=1 conv=fsync 2>/dev/null
said=$(($(stat_of requests) - before))
if [ "$(limit write_cache)" = "write back" ]; then
	is "a write and a flush are two requests" "$((said >= 2))" 1
else
	skip "a write and a flush are two requests" "no cache to flush"
fi

before=$(stat_of requests)
if [ "$(limit discard_max_bytes)" -gt 0 ]; then
	check "discard" vecio discard "$disk" 4
	is "reaches the backend" $(($(stat_of requests) > before)) 1
else
	skip "discard" "not offered"
	skip "reaches the backend" "not offered"
fi
use "$first"
vecio erase "$disk" 1 >/tmp/out.$$ 2>&1
is "secure discard is done or refused" $(($? == 0 || $? == 2)) 1
check "zeroes read as zeroes" vecio zero "$disk" 4

is "no request failed" "$(stat_of errors)" 0
is "none is left" "$(stat_of in_flight)" 0
is "no shared page is left in use" "$(stat_of persistent_used)" 0
is "no queue is poisoned" "$(stat_of poisoned)" 0
diag "$(grep '^queue ' "$XG_DEBUGFS/$stats")"
