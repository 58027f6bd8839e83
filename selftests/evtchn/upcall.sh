#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 600
# Start and stop, again and again; each kind of upcall; one that cannot work.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
on_xen || skip_all "not a Xen guest"
kernel_has_xen && skip_all "the kernel's own Xen code is active"
# The kind that is in use can always be used again.
first=$(awk '$1 == "upcall:" { print $2 }' "$XG_DEBUGFS/evtchn" 2>/dev/null)
clock=/sys/devices/system/clocksource/clocksource0/current_clocksource
stack_take_down
rounds=$(rounds 3 50)
plan 8

upcall() {
	awk '$1 == "upcall:" { print $2 }' "$XG_DEBUGFS/evtchn"
}

log_mark
try_insmod xg-proto
try_insmod xg-hypercall
try_insmod xg-evtchn upcall=nonsense
is "a kind that is none is refused" $? 1
check "and the log says what there is" log_has \
	'upcall=nonsense: unknown, use "auto", "vector" or "intx"'

done=0
while [ $done -lt "$rounds" ]; do
	evtchn=${first:+upcall=$first} stack_up && stack_down || break
	done=$((done + 1))
done
is "up and down again" $done "$rounds"
check "time goes on without it" sh -c "! grep -q '^xg$' $clock"

check "it starts with upcall=vector" eval evtchn=upcall=vector stack_up
is "and says so" "$(upcall)" vector
stack_down

# Now every vCPU has a vector, and Xen does not forget it.
log_mark
evtchn=upcall=intx
stack_up
is "upcall=intx after vector does not start" $? 1
check "and the log says why" log_has \
	"a per-vCPU vector set before stays in force until the domain is reset"
stack_down
