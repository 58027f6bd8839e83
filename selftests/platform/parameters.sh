#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# Bad parameters are refused by name and leave nothing; good ones work.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
on_xen || skip_all "not a Xen guest"
kernel_has_xen && skip_all "the kernel's own Xen code is active"
stack_take_down
if real_xen; then plan 41; else plan 44; fi

# refused MODULE PARAMETER: the layers below it are up
refused() {
	log_mark
	try_insmod "$1" "$2=nonsense"
	is "$1 $2=nonsense: an error" $? 1
	check "$1 $2=nonsense: the log says what is allowed" \
		log_has "$1: $2=nonsense: unknown, use "
	is "$1 $2=nonsense: not loaded" "$(lsmod | grep -c "^$(echo "$1" | tr - _) ")" 0
}

try_insmod xg-proto
refused xg-hypercall hypercall
try_insmod xg-hypercall
refused xg-evtchn upcall
refused xg-evtchn abi
try_insmod xg-evtchn
refused xg-time clock
refused xg-time timer
for module in xg-time xg-grant xg-xenbus; do
	try_insmod $module
done
refused xg-balloon deflate_on_oom
refused xg-smp ipi
refused xg-spinlock wait
for module in xg-balloon xg-blkfront; do
	try_insmod $module
done
refused xg-platform-pci unplug
refused xg-platform-pci frames
refused xg-platform-pci remap

# Not upcall=intx: a vector once told to Xen stays until the domain is reset.
# Not frames=free on KVM's Xen emulation, which does not take its pages back; not
# abi=fifo elsewhere: that would be for good, and evtchn/fifo.sh has it.
good_ones="hypercall=page evtchn=upcall=vector platform=frames=bar"
if real_xen; then
	good_ones="$good_ones platform=frames=free"
else
	stack_down
	log_mark
	platform=frames=free
	is "frames=free: refused" "$(stack_up || echo refused)" refused
	check "frames=free: the log says why" log_has "frames=free: free address"
	is "frames=free: not loaded" "$(lsmod | grep -c ^xg_platform_pci)" 0
	stack_down
	log_mark
	platform= evtchn=abi=fifo
	check "abi=fifo: loads, with 2-level events" stack_up
	check "abi=fifo: the log says so" log_has "abi=fifo: Xen has no FIFO"
fi
for good in $good_ones; do
	stack_down
	hypercall= evtchn= platform=
	case $good in
	hypercall=*) hypercall=$good ;;
	evtchn=*) evtchn=${good#*=} ;;
	platform=*) platform=${good#*=} ;;
	esac
	check "${good##*=}: loads" stack_up
	check "${good##*=}: the disk reads" read_disk
done
