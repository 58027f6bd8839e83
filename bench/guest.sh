#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's half of bench/smoke: fio jobs on one disk, programs from the other.
# Prints "bench JOB ROUND KIB-PER-SECOND IOPS". While a job is traced (round
# "trace") the host script counts VM exits.
set -u
# Emulated disks come in any order: the one that mounts has the programs.
for disk in xvda sda; do
	[ -b /dev/$disk ] || continue
	tools=${disk%a}b
	mount -t ext4 -o ro /dev/$tools /mnt 2>/dev/null || {
		tools=$disk
		disk=${disk%a}b
		mount -t ext4 -o ro /dev/$tools /mnt || exit 1
	}
	break
done

fio() {
	/mnt/lib/ld-linux-x86-64.so.2 --library-path /mnt/lib /mnt/lib/fio "$@"
}

# job NAME ROUND SECONDS
job() {
	case $1 in
	read-4k-qd1) set -- "$@" --rw=randread --bs=4k --iodepth=1 ;;
	read-4k-qd32) set -- "$@" --rw=randread --bs=4k --iodepth=32 ;;
	read-1m-seq) set -- "$@" --rw=read --bs=1M --iodepth=4 ;;
	esac
	name=$1 round=$2 seconds=$3
	shift 3
	fio --name="$name" --filename=/dev/$disk --direct=1 --ioengine=libaio \
		--time_based --runtime="$seconds" --ramp_time=1 "$@" \
		--output-format=terse --terse-version=3 2>&1 |
		awk -F';' -v name="$name" -v round="$round" '
			NF > 20 { print "bench", name, round, $7, $8; next }
			{ print }'
}

for name in read-4k-qd1 read-4k-qd32 read-1m-seq; do
	for round in 1 2 3; do
		job $name $round 5
	done
	if [ -e /put/trace ]; then
		mark trace-$name
		wait_tell traced-$name 60 &
		job $name trace 8
		wait
	fi
done
umount /mnt
