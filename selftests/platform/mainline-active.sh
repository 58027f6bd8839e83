#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel whose own Xen code runs is left alone: EBUSY, one line, disks go on.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
kernel_has_xen || skip_all "the kernel's own Xen code is not active"
stack_take_down
plan 6
try_insmod xg-proto
log_mark

try_insmod xg-hypercall
is "hypercall: an error" $? 1
is "hypercall: one line in the log" "$(said_by xg-hypercall | wc -l)" 1
check "hypercall: it names the cause and nopv" log_has 'own Xen code is active.*nopv'
check "modprobe of the whole stack fails" sh -c "! modprobe xg-platform-pci 2>/dev/null"
rmmod xg-proto
is "nothing is left" "$(lsmod | grep -c '^xg_')" 0
check "the kernel's own disk still reads" read_disk
