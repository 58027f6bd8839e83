#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 900
# Disks of all kinds, and backends that fall silent, die or lie: made by fake-vbd
# in dom0, one after the other, as xvdc. See cases[] there.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-blkfront
command -v wait_tell >/dev/null && wait_tell fake-vbd 10 ||
	skip_all "no fake-vbd in dom0 (host script of testbed/vm)"
cleanup "mark end-fake-vbd"
disk=/dev/xvdc
sys=/sys/block/xvdc
stats=blkfront/xvdc
plan 68

limit() { cat $sys/queue/$1; }
stat_of() { counter $stats "$1"; }
write_one() { dd if=/dev/zero of=$disk bs=4k count=1 oflag=direct 2>&1; }
read_one() { dd if=$disk of=/dev/null bs=4k count=1 iflag=direct 2>&1; }
flush_one() { dd if=/dev/zero of=$disk bs=4k count=1 conv=fsync 2>&1; }
quiet() { "$@" >/dev/null 2>&1; }
gone() { [ ! -e $sys ]; }
# asked NAME OPERATION: how often the backend was
asked() { ls /run/tell | sed -n "s/^asked-$1\..*$2\([0-9]*\).*/\1/p"; }

begin() {
	log_mark
	wait_tell "up-$1" 120 && wait_for 20 test -b $disk
}
end() {
	mark "done-$1"
	wait_tell "gone-$1" 120 && wait_for 10 gone
}
come() { check "$1: the disk comes" begin "$1"; }
go() { check "$1: it goes" end "$1"; }

come large
is "large: blocks of 4096 bytes" "$(limit logical_block_size)" 4096
is "large: its size" "$(disk_sectors $disk)" 16384
check "large: data" vecio check $disk 4
check "large: discard" vecio discard $disk 1
go large

come ro
is "ro: read-only" "$(cat $sys/ro)" 1
is "ro: no write" "$(quiet write_one; echo $?)" 1
go ro

come cdrom
is "cdrom: read-only and removable" "$(cat $sys/ro $sys/removable | tr -d '\n')" 11
go cdrom

come barrier
is "barrier: there is a cache" "$(limit write_cache)" "write back"
check "barrier: fsync" flush_one
go barrier
is "barrier: was asked for" "$(($(asked barrier b) > 0))" 1

come nosup
check "nosup: fsync is well all the same" flush_one
check "nosup: the cache is gone" \
	wait_for 5 grep -q "write through" $sys/queue/write_cache
# The block layer keeps the first refusal to itself.
quiet vecio discard $disk 1
check "nosup: a refused discard is offered no more" \
	wait_for 5 grep -qx 0 $sys/queue/discard_max_bytes
is "nosup: nor can be had" "$(quiet vecio discard $disk 1; echo $?)" 2
go nosup

come resize
mark resize-resize
check "resize: twice the size" wait_for 20 grep -qx 32768 $sys/size
check "resize: data in the new part" vecio check $disk 15
go resize

for kind in untrusted persistent; do
	come $kind
	is "$kind: data is copied" "$(stat_of copy)" 1
	check "$kind: data" vecio check $disk 4
	go $kind
done

for kind in lie-size lie-numbers; do
	wait_tell up-$kind 120
	is "$kind: no disk of that" "$(quiet wait_for 3 test -b $disk; echo $?)" 1
	go $kind
done

for kind in badid badop badstatus twice many keep; do
	wait_tell up-$kind 120
	wait_for 20 test -b $disk
	read_one >/dev/null
	i=0
	while quiet read_one && [ $i -lt 20 ]; do i=$((i + 1)); done
	is "$kind: the queue is poisoned, reads fail" \
		"$(stat_of poisoned) $(read_one | grep -c 'I/O error\|Input/output')" \
		"1 1"
	go $kind
done

# storm of reads that will get no answer
stuck() {
	begin "$1" && echo 2000 >$sys/queue/io_timeout
	for i in 1 2 3 4 5 6 7 8; do quiet read_one & done
	wait_for 20 sh -c "[ \$(awk '\$1 == \"timeouts:\" { print \$2 }' \
		$XG_DEBUGFS/$stats) -gt 0 ]"
}
none_in_flight() { [ "$(stat_of in_flight)" = 0 ]; }

# Not by check(): it would wait for the readers, which hold its pipe.
stuck silent
is "silent: the backend is asked again" $? 0
is "silent: but not given up" "$(stat_of dead)" 0
mark release-silent
check "silent: when it answers all is well" wait_for 20 none_in_flight
go silent

quiet stuck dead
mark die-dead
check "dead: the disk goes, nothing hangs" wait_for 30 gone
mark done-dead
wait_tell gone-dead 120

come remade
diskseq=$(cat $sys/diskseq)
another() { [ "$(cat $sys/diskseq)" != "$diskseq" ]; }
mark remake-remade
check "remade: it is another disk then" wait_for 20 quiet another
check "remade: data" wait_for 20 quiet vecio check $disk 4
go remade

quiet stuck stuck
go stuck

# Not even the partition table can be read.
check "mute: the disk comes all the same" begin mute
device=$(basename "$(readlink -f $sys/device)")
echo "$device" >/sys/bus/xg/drivers/xg-vbd/unbind &
check "mute: it can be taken from its driver" wait_for 60 gone
wait $!
mark done-mute
wait_tell gone-mute 120

quiet begin mutedead
mark die-mutedead
check "mutedead: the disk goes, nothing hangs" wait_for 30 gone
mark done-mutedead
wait_tell gone-mutedead 120

# A while in which the store refused its state, and nothing else
come refused
check "refused: data" vecio check $disk 4
go refused
