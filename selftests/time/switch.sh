#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# Clock and timers go away with the module, and by parameter stay away: each CPU
# then has its local APIC's timer, time goes on without a step back.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
on_xen || skip_all "not a Xen guest"
kernel_has_xen && skip_all "the kernel's own Xen code is active"
[ "$(counter evtchn upcall 2>/dev/null)" = intx ] &&
	skip_all "upcall by INTx: the CPUs keep their own timers"
available=/sys/devices/system/clocksource/clocksource0/available_clocksource
stack_take_down
plan 12

devices() {
	cat /sys/devices/system/clockevents/clockevent*/current_device |
		sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Beside it the stack goes up and down.
timers clock 20 >/tmp/clock.$$ 2>&1 &
pid=$!
like "without the modules, the local APIC's timers" "$(devices)" '^lapic[^ ]*$'
check "sleeps end in time" timers sleep 20
before=$(devices)

time= stack_up
is "with them, ours" "$(devices)" xg
check "sleeps end in time" timers sleep 20
stack_down
is "the local APIC's timers are back" "$(devices)" "$before"
check "sleeps end in time" timers sleep 20

time=timer=0 stack_up
is "timer=0: the local APIC's timers" "$(devices)" "$before"
check "but the clock source" grep -qw xg $available
stack_down

time=clock=0 stack_up
is "clock=0: our timers" "$(devices)" xg
check "but no clock source" sh -c "! grep -qw xg $available"
stack_down

wait $pid
is "the clock never went back" $? 0
diag "$(cat /tmp/clock.$$)"
is "the local APIC's timers are back again" "$(devices)" "$before"
