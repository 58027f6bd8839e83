#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 200
#: modules ext4
# A filesystem: made, filled, read back, checked; its disk cannot go under it.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-blkfront
scratch_disk
# ext4 asks for crc32c by itself only where /sbin/modprobe is set up.
modprobe ext4 2>/dev/null
modprobe crc32c_generic 2>/dev/null
grep -q ext4 /proc/filesystems || skip_all "no ext4 in this kernel"
mnt=/tmp/mnt.$$
mkdir -p $mnt
cleanup "umount $mnt 2>/dev/null; rmdir $mnt"
plan 8

check "mkfs" mkfs.ext4 -q -F "$disk"
if ! mount -t ext4 "$disk" $mnt; then
	fail "mount" "$(dmesg | tail -n 5)"
	exit 1
fi
ok "mount"
for i in 1 2 3 4; do
	dd if=/dev/urandom of=$mnt/file$i bs=64k count=48 2>/dev/null
	sha1sum $mnt/file$i
done >/tmp/sums.$$
check "sync" sync
is "the modules below a mounted disk cannot be unloaded" \
	"$(rmmod xg-blkfront 2>/dev/null && echo unloaded)" ""
check "umount" umount $mnt
check "fsck" e2fsck -fn "$disk"
mount -t ext4 "$disk" $mnt
check "the files are as they were" sha1sum -c /tmp/sums.$$
rm $mnt/file*
check "umount again" umount $mnt
