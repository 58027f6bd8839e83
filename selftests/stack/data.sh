#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# 64 MiB of known data at mixed sizes and offsets, several jobs, read back byte
# for byte. With XG_DATA_SEED on XG_DATA_DISK the host can check the same data
# when the guest has ended: diskdata verify FILE 64 SEED 4.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
XG_DISK=${XG_DATA_DISK:-${XG_DISK:-}}
scratch_disk
seed=${XG_DATA_SEED:-1}
[ "$(disk_sectors "$disk")" -ge 131072 ] || skip_all "$disk is too small"
plan 3

verdict() {
	is "$1" "$2" 0
	diag "$3"
}

said=$(diskdata write "$disk" 64 "$seed" 4)
verdict "64 MiB written by four jobs" $? "$said"
said=$(diskdata verify "$disk" 64 "$seed" 4)
verdict "every byte reads back" $? "$said"
said=$(diskdata verify "$disk" 64 "$seed" 1)
verdict "also in another order" $? "$said"
