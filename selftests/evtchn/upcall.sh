#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 600
# Start and stop, again and again; each kind of upcall; kinds that cannot work.
# What runs after this in the same guest has upcalls by vector: Xen does not
# forget one. For the same reason callback and intx come before it.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
on_xen || skip_all "not a Xen guest"
kernel_has_xen && skip_all "the kernel's own Xen code is active"
# The kind that is in use can always be used again.
first=$(counter evtchn upcall 2>/dev/null)
clock=/sys/devices/system/clocksource/clocksource0/current_clocksource
stack_take_down
rounds=$(rounds 2 50)
plan 14

log_mark
try_insmod xg-proto
try_insmod xg-hypercall
try_insmod xg-evtchn upcall=nonsense
is "a kind that is none is refused" $? 1
check "and the log says what there is" log_has \
	'upcall=nonsense: unknown, use "auto", "vector", "callback" or "intx"'

done=0
while [ $done -lt "$rounds" ]; do
	evtchn=${first:+upcall=$first} stack_up && stack_down || break
	done=$((done + 1))
done
is "up and down again" $done "$rounds"
check "time goes on without it" sh -c "! grep -q '^xg$' $clock"

# works KIND: it can be had, and is what is used
works() {
	check "it starts with upcall=$1" eval "evtchn=upcall=$1 stack_up"
	is "and says so" "$(counter evtchn upcall)" "$1"
	stack_down
}

# refused KIND: a per-vCPU vector is in its way
refused() {
	log_mark
	evtchn=upcall=$1
	stack_up
	is "upcall=$1 after vector does not start" $? 1
	check "and the log says why" log_has \
		"a per-vCPU vector set before stays in force until the domain is reset"
	stack_down
}

for kind in callback intx; do
	if [ "$first" = vector ]; then
		skip "it starts with upcall=$kind" "every vCPU has a vector"
		skip "and says so" "every vCPU has a vector"
	else
		works $kind
	fi
done
works vector
refused callback
refused intx
