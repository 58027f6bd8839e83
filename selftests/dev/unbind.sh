#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 200
# The layers stop, by the root's unbind, while a process has all of /dev/xen open,
# mapped and waited for: it is told, and nothing is freed under it.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../dev.sh"
need xg-dev xg-platform-pci
root=/sys/bus/pci/drivers/xg_platform_pci
address=$(ls $root | grep '^0000:') || skip_all "no root device"
rounds=$(rounds 2 20)
plan $((rounds * 6 + 2))
before=$(all_held)
idle=$(dev_held)

bound() { [ -e "$root/$address" ]; }
disks=$(ls /sys/block | grep '^xvd')
bind() {
	echo "$address" >$root/bind
	for disk in $disks; do
		the_disk /dev/$disk
	done
	wait_for 30 nets_live
}
cleanup "bound || bind"

for i in $(seq "$rounds"); do
	start dev-open
	is "round $i: a process is in the middle of it" "$said" ready
	check "the root is unbound" sh -c "echo $address >$root/unbind"
	talk on
	like "all that it has has ended" "$said" '^ended( mapped)?$'
	check "the root is bound again" bind
	talk on
	is "for good" "$said" still
	talk on
	wait_for 20 ended $started || kill -9 $started
	wait $started
	is "the process goes" $? 0
	exec 9>&-
done
is "nothing is left of it" "$(dev_held)" "$idle"
wait_for 20 as_before
is "nor in the layers" "$(all_held | sed 's/ports [0-9]* grants.*mapped/mapped/')" \
	"$(echo "$before" | sed 's/ports [0-9]* grants.*mapped/mapped/')"
