#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 600
# CPUs call each other, by event and by APIC, while they sleep and while they run,
# as CPUs go and come and as the module does: each call runs once, where it should.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-smp
[ "$(cat /sys/devices/system/cpu/online)" != 0 ] || skip_all "there is one CPU"
[ "$(counter evtchn upcall)" != intx ] || skip_all "INTx: vCPU 0 alone has events"
test_module xg-test-calls
calls=$(rounds 1000 50000)
dir=$XG_DEBUGFS/test-calls
plan 17

# Calls that the APIC has delivered, on all CPUs
by_apic() {
	awk '$1 == "CAL:" { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i
		print n }' /proc/interrupts
}
by_event() { counter smp calls; }
made() { counter test-calls/result made; }
# again_with IPI: the module anew
again_with() {
	rmmod xg-smp && try_insmod xg-smp ipi=$1
}

cleanup "again_with auto"
check "the module goes and comes with ipi=event" again_with event
is "IPIs go by event" "$(counter smp ipi)" event
apic=$(by_apic)
bound=$(counter evtchn bound)
module_test "each call runs once, where it should" "$dir/run" "$calls"
is "all were made" "$(made)" $(($(nproc) * calls))
check "those to CPUs that slept went by event" [ "$(by_event)" -ge $((calls / 10)) ]
# It has those again that met a CPU awake after all, and the kernel's own.
check "the APIC had the rest" [ $(($(by_apic) - apic - $(counter smp again))) -lt \
	$((calls * $(nproc) - $(by_event) / 2)) ]
diag "$(made) calls: by event $(by_event), by APIC $(($(by_apic) - apic)), of them" \
	"$(counter smp again) after an event"

# A process that wakes another, each on a CPU of its own
started=$(counter smp reschedules)
is "processes wake each other" "$(pingpong 0 1 $((calls * 4)))" $((calls * 4))
diag "$(($(counter smp reschedules) - started)) reschedules by event meanwhile"

last=$(($(nproc) - 1))
(echo "$calls" >"$dir/run") 2>/tmp/calls.$$ &
job=$!
went=0 came=0
for i in 1 2 3; do
	echo 0 >/sys/devices/system/cpu/cpu$last/online && went=$((went + 1))
	echo 1 >/sys/devices/system/cpu/cpu$last/online && came=$((came + 1))
done
is "a CPU goes and comes meanwhile" "$went $came" "3 3"
wait $job
is "no call is lost by that: $(cat /tmp/calls.$$)" $? 0
rm -f /tmp/calls.$$
is "as many ports as before" "$(counter evtchn bound)" "$bound"

(echo "$calls" >"$dir/run") 2>/tmp/calls.$$ &
job=$!
turns=0
for i in 1 2 3; do
	again_with event && turns=$((turns + 1))
done
is "the module goes and comes meanwhile" $turns 3
wait $job
is "no call is lost by that: $(cat /tmp/calls.$$)" $? 0
rm -f /tmp/calls.$$
is "as many ports as before" "$(counter evtchn bound)" "$bound"

check "the module goes and comes with ipi=apic" again_with apic
apic=$(by_apic)
module_test "by APIC each call runs once" "$dir/run" "$calls"
check "the APIC had them all" [ $(($(by_apic) - apic)) -ge $((calls * $(nproc) / 2)) ]
is "no event is sent" "$(counter smp calls)$(counter smp reschedules)" 00
