#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 2400
# Our clock beside the host's, for half an hour in a soak, while four threads read
# it: as fast to 50 parts in a million, and never back. dom0 says what time it has.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../net.sh"
need xg-time
clock=/sys/devices/system/clocksource/clocksource0/current_clocksource
[ "$(cat $clock)" = xg ] || skip_all "the clock source is $(cat $clock)"
seconds=$(rounds 20 1800)
net_up
wait_for 20 echoes || skip_all "no netdata at the other end"
plan 3

ahead() { netdata clock "$peer" | sed -n 's/.*ahead_us: \([-0-9]*\).*/\1/p'; }

before=$(ahead)
check "the host tells its time" [ -n "$before" ]
check "read by four threads, it never goes back" timers clock "$seconds"
# A question's way takes a time that may differ by some ms.
after=$(ahead)
off=$((after - before))
diag "$off us in $seconds s"
check "it goes as fast as the host's" \
	[ "${after:+${off#-}}" -le $((seconds * 50 + 5000)) ]
