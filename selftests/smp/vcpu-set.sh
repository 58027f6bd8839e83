#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 1500
# CPUs go and come as xl vcpu-set says, under load, too; what the administrator has
# done himself stays until the toolstack changes its mind; processors are added.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../toolstack.sh"
need xg-smp
cpus=/sys/devices/system/cpu
[ "$(cat $cpus/present)" = 0-1 ] || skip_all "this wants two CPUs"
scratch_disk
rounds=$(rounds 3 50)
plan 25
watches=$(counter xenbus watches)

cpu_is() { [ "$(cat $cpus/cpu$1/online)" = "$2" ]; }
same_watches() { [ "$(counter xenbus watches)" = "$watches" ]; }
only_two() { [ "$(cat $cpus/online)" = 0-1 ]; }
stays() { sleep 3 && cpu_is "$@"; }
say() { toolstack put cpu/$1/availability $2; }

storm_start "$disk" 32 4
went=0 came=0
for i in $(seq "$rounds"); do
	toolstack vcpus 1 && wait_for 60 cpu_is 1 0 && went=$((went + 1))
	toolstack vcpus 2 && wait_for 60 cpu_is 1 1 && came=$((came + 1))
done
is "CPU 1 goes each time" $went "$rounds"
is "and comes back" $came "$rounds"
storm_stop
is "no I/O failed beside it, no byte was wrong" $? 0
check "nor waited 10 s" test "$(storm_worst_ms)" -lt 10000

log_mark
say 0 offline
check "vCPU 0 never goes: the log has it" wait_for 20 log_has 'vCPU 0 .*never goes'
check "and all are there" only_two
say 0 online

log_mark
say 1 perhaps
check "a word that is none: the log has it" wait_for 20 log_has 'neither online nor offline'
check "and nothing happens" stays 1 1
say 1 online

echo 0 >$cpus/cpu1/online
toolstack vcpus 2
check "what the administrator took offline stays so" stays 1 0
say 1 offline
sleep 1
say 1 online
check "until the toolstack changes its mind" wait_for 30 cpu_is 1 1
say 1 offline
check "what the toolstack took offline" wait_for 30 cpu_is 1 0
echo 1 >$cpus/cpu1/online
say 1 offline
check "the administrator may have" stays 1 1
say 1 online

log_mark
say 99 online
say 99 online
check "a vCPU that is not there: the log has it" wait_for 20 log_has 'vCPU 99 .*no such processor'
is "once" "$(log_since | grep -c 'no such processor')" 1
toolstack rm cpu/99

rmmod xg-smp
say 1 offline
check "without the module nothing happens" stays 1 1
try_insmod xg-smp
check "it begins with what it finds" wait_for 30 cpu_is 1 0
say 1 online
check "and goes on" wait_for 30 cpu_is 1 1
rmmod xg-smp
echo 0 >$cpus/cpu1/online
try_insmod xg-smp
check "but lets those be that are offline" stays 1 0
echo 1 >$cpus/cpu1/online

rmmod xg-platform-pci
say 1 offline
stack_up
check "what the toolstack said while there was no store" wait_for 30 cpu_is 1 0
say 1 online
check "and then" wait_for 30 cpu_is 1 1
check "no watch is left, none is lost" wait_for 30 same_watches

# added CPU WHAT: ACPI has it, so that it can be online
added() {
	if wait_for 30 test -d $cpus/cpu$1; then
		check "$2" wait_for 30 cpu_is $1 1
	else
		skip "$2" "this machine does not add processors"
	fi
}
toolstack vcpus 3
added 2 "a processor that is added runs, ACPI's word first"
say 3 online
toolstack vcpus 4
added 3 "and the store's first"
toolstack vcpus 2
check "and both go" wait_for 60 only_two
check "the disk reads" read_disk
