#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 240
#: tools ethtool
#: modules xg-test-grant
# A disk and an interface that find no grants wait for them, and come by
# themselves when there are some; one that waits can be taken away.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-blkfront xg-netfront
test_module xg-test-grant
grants=$XG_DEBUGFS/test-grant
plan 15

# Some there are, but not enough for a connection.
hoard() { echo hoard 3 >"$grants"; }
release() { echo release >"$grants"; }
# The disk finds them short once its rings are granted, the interface before.
waiting() { state_is Initialising || state_is Initialised; }
state_is() { [ "$(cat "/sys/bus/xg/devices/$device/state")" = "$1" ]; }
as_before() { [ "$(held)" = "$before" ]; }
says_so() { log_has "$device: not enough grants"; }

# Of its grants, from its beginning
starve() {
	echo "$device" >"$driver/unbind" && hoard && log_mark &&
		echo "$device" >"$driver/bind" && wait_for 5 says_so
}

# An interface comes with fewer queues then, and says so.
queues() { counter "netfront/$device" queues; }
queues_are() { [ "$(queues)" = "$1" ]; }
fewer() {
	if [ "$all" -gt 1 ]; then check "$@"; else skip "$1" "one queue"; fi
}

taken_away() {
	starve && timeout 20 sh -c "echo $device >$driver/unbind"
}

for each in xg-vbd:vbd xg-vif:vif; do
	set -- /sys/bus/xg/devices/${each#*:}-*
	device=${1##*/}
	driver=/sys/bus/xg/drivers/${each%:*}
	[ -e "$1" ] && state_is Connected ||
		skip_all "no ${each#*:} is connected"
	before=$(held)
	[ "$driver" = "${driver%vif}" ] || all=$(queues)
	check "$device: without grants the log says what it waits for" \
		starve
	check "$device: it is not given up" waiting
	log_mark
	release
	check "$device: with grants it connects" wait_for 40 state_is Connected
	if [ "$driver" != "${driver%vif}" ]; then
		fewer "$device: with fewer queues, as the log says" \
			log_has "of $all queues, after a shortage"
		net=$(ls "/sys/bus/xg/devices/$device/net")
		fewer "$device: ethtool brings the rest" \
			eval "ethtool -L $net combined $all; wait_for 20 queues_are $all"
	fi
	check "$device: it can be taken away while it waits" \
		taken_away
	release
	echo "$device" >"$driver/bind"
	check "$device: and comes back" wait_for 40 state_is Connected

	# After a shortage an interface is content with fewer queues.
	echo "$device" >"$driver/unbind"
	echo "$device" >"$driver/bind"
	check "$device: nothing is leaked" wait_for 20 as_before
done
check "the disk reads" read_disk
