#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Without Xen every load fails with one clear line and leaves nothing behind.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
on_xen && skip_all "this is a Xen guest"
stack_take_down
plan 6
try_insmod xg-proto
log_mark

try_insmod xg-hypercall
is "hypercall: an error" $? 1
like "hypercall: ENODEV" "$insmod_said" 'no such device'
is "hypercall: one line in the log" "$(said_by xg-hypercall | wc -l)" 1
check "hypercall: it says this is not Xen" log_has 'xg-hypercall: not a Xen guest'
try_insmod xg-platform-pci
is "platform-pci: an error" $? 1
rmmod xg-proto
is "nothing is left" "$(lsmod | grep -c '^xg_')$(ls -d $XG_DEBUGFS 2>/dev/null)" 0
