#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# /sys/hypervisor, and that it and /dev/xen come and go with the module.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-dev
plan 21

top=/sys/hypervisor
value() { cat "$top/$1" 2>&1; }

is "type" "$(value type)" xen
is "guest_type" "$(value guest_type)" HVM
is "version" "$(value version/major).$(value version/minor)$(value version/extra)" \
	"$(counter xen version)"
like "features" "$(value properties/features)" '^[0-9a-f]{8}$'
is "as the hypervisor layer has them" $((0x$(value properties/features))) \
	$(($(counter xen features)))
is "all there is" "$(cd $top && find . -type f | sort | tr '\n' ' ')" \
	"./compilation/compile_date ./compilation/compiled_by ./compilation/compiler ./guest_type ./properties/buildid ./properties/capabilities ./properties/changeset ./properties/features ./properties/pagesize ./properties/virtual_start ./type ./uuid ./version/extra ./version/major ./version/minor "
if real_xen; then
	like "uuid" "$(value uuid)" \
		'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
	like "capabilities" "$(value properties/capabilities)" 'xen-3\.0-x86_64'
	is "pagesize" "$(value properties/pagesize)" 1000
	like "virtual_start" "$(value properties/virtual_start)" '^[0-9a-f]+$'
	check "changeset, which Debian leaves empty" \
		cat $top/properties/changeset
	like "buildid" "$(value properties/buildid)" '^(<denied>|[0-9a-f]{8,})$'
	like "compiler" "$(value compilation/compiler)" '.'
else
	for what in uuid capabilities pagesize virtual_start changeset buildid compiler; do
		skip "$what" "QEMU does not say"
	done
fi

for name in xenbus evtchn gntalloc gntdev; do
	is "/dev/xen/$name is root's" "$(stat -c '%F %a' /dev/xen/$name)" \
		"character special file 600"
done

rmmod xg-dev
is "without the module there is nothing there" \
	"$(find /dev/xen /proc/xen $top -mindepth 1 2>/dev/null)" ""
log_mark
check "it comes back" try_insmod xg-dev
check "with what it has" cat $top/type /dev/null
check "ten times" sh -c "for i in 1 2 3 4 5 6 7 8 9 10; do
	rmmod xg-dev && insmod $(module_file xg-dev) || exit; done"
