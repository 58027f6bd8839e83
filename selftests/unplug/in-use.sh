#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# unplug=auto leaves an emulated disk that is in use and says so; once it is let
# go of, the next load pulls it and the PV disk takes over. Once a boot: what is
# unplugged never comes back.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
on_xen || skip_all "not a Xen guest"
kernel_has_xen && skip_all "the kernel's own Xen code is active"
emulated=/dev/sda
[ -b $emulated ] || skip_all "no emulated disk ($emulated)"
grep -q "^$emulated" /proc/mounts && skip_all "$emulated is mounted"
stack_take_down
plan 12
sectors=$(disk_sectors $emulated)

exec 3<$emulated
log_mark
check "the stack loads beside a disk in use" stack_up
check "the log says what is left and why" log_has 'emulated disks left: sda is in use'
check "the disk in use stays" test -b $emulated
check "and still reads" dd if=$emulated of=/dev/null bs=4k count=1 iflag=direct
check "the stack unloads" stack_down
exec 3<&-

log_mark
platform=unplug=none
check "unplug=none loads" stack_up
check "and pulls nothing" test -b $emulated
stack_down

platform=
log_mark
check "the stack loads with the disk free" stack_up
check "the log says what was pulled" log_has 'emulated disks unplugged'
check "the emulated disk is gone" test ! -b $emulated
check "the PV disk reads" read_disk
is "it has the same size" "$(disk_sectors "${XG_DISK:-xvda}")" "$sectors"
