#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Modules loaded in the wrong order, twice, or pulled from under others.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
on_xen || skip_all "not a Xen guest"
kernel_has_xen && skip_all "the kernel's own Xen code is active"
stack_take_down
plan 21

for module in xg-platform-pci xg-blkfront xg-console xg-spinlock xg-smp xg-dev xg-control xg-balloon xg-xenbus xg-grant xg-time xg-evtchn; do
	try_insmod $module
	is "$module before what it needs: refused" $? 1
done
is "nothing is left of that" "$(lsmod | grep -c '^xg_')" 0

check "the right order" stack_up
check "the disk is there" read_disk
for module in xg-hypercall xg-platform-pci; do
	try_insmod $module
	like "$module twice: File exists" "$insmod_said" 'exists'
done
for module in xg-hypercall xg-grant; do
	check "$module is not pulled from under its users" sh -c "! rmmod $module 2>/dev/null"
done
check "the disk still reads" read_disk
stack_down
is "and all of it goes" "$(lsmod | grep -c '^xg_')" 0
