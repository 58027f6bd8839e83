#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The bus: what a device shows, and that its driver can go and come back while
# the backend stays.
#: timeout 240
. "${0%/*}/../ktap.sh"
need xg-xenbus xg-blkfront
bus=/sys/bus/xg
set -- "$bus"/devices/vbd-*
[ -e "$1" ] || skip_all "no disk on the bus"
device=${1##*/}
driver=$(readlink "$1/driver") || skip_all "no driver has taken $device"
driver=${driver##*/}
plan 10

state() { cat $bus/devices/$device/state; }
both_connected() {
	grep -q "^device/vbd/${device#vbd-}: Connected, backend Connected" \
		"$XG_DEBUGFS/xenbus"
}

is "its directory" "$(cat $bus/devices/$device/nodename)" "device/vbd/${device#vbd-}"
is "its type" "$(cat $bus/devices/$device/devtype)" vbd
is "its modalias" "$(cat $bus/devices/$device/modalias)" xg:vbd
is "its uevent's modalias" \
	"$(sed -n 's/^MODALIAS=//p' $bus/devices/$device/uevent)" xg:vbd
check "it is connected" wait_for 30 both_connected

watches=$(counter xenbus watches)
rounds=$(rounds 3 30)
unbound=0 bound=0
i=0
while [ $i -lt "$rounds" ]; do
	echo $device >$bus/drivers/$driver/unbind && [ "$(state)" = Closed ] &&
		unbound=$((unbound + 1))
	echo $device >$bus/drivers/$driver/bind && wait_for 30 both_connected &&
		bound=$((bound + 1))
	i=$((i + 1))
done
is "unbound in order each time" $unbound "$rounds"
is "bound again, the backend connects again" $bound "$rounds"
is "no watch is leaked" "$(counter xenbus watches)" "$watches"
is "the connection is up" "$(counter xenbus connection)" up
is "no grant is left with a backend" "$(counter grant deferred)" 0
