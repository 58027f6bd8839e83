#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 900
# The whole stack out and in again, I/O between: nothing is leaked.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-platform-pci
scratch_disk
rounds=$(rounds 5 50)
plan 6

# What must be the same each time, once the disk has done some I/O
counts() {
	echo "ports $(counter evtchn bound) grants $(counter grant in_use)" \
		"deferred $(counter grant deferred)" \
		"watches $(counter xenbus watches)" \
		"devices $(ls /sys/bus/xg/devices | wc -l)"
}

first=
downs=0 ups=0 io=0 same=0
sectors=$(disk_sectors "$disk")
log_mark
while [ $ups -lt "$rounds" ]; do
	out=$(stack_down 2>&1) || break
	stack_gone || break
	downs=$((downs + 1))
	stack_up && the_disk && wait_for 30 nets_live || break
	ups=$((ups + 1))
	diskdata write "$disk" 4 $ups 2 >/tmp/reload.$$ 2>&1 &&
		diskdata verify "$disk" 4 $ups 2 >>/tmp/reload.$$ 2>&1 &&
		io=$((io + 1))
	now=$(counts)
	first=${first:-$now}
	if [ "$now" = "$first" ]; then
		same=$((same + 1))
	else
		diag "cycle $ups: $now; the first: $first"
	fi
done

diag "each cycle: $first"
is "unloaded each time" $downs "$rounds"
[ -z "${out:-}" ] || diag "$out"
is "loaded each time, the disk came back" $ups "$rounds"
is "what was written was read back" $io "$rounds"
is "ports, grants, watches and devices stay the same" $same "$rounds"
is "no grant is left with the backend" "$(counter grant deferred)" 0
is "the disk keeps its size" "$(disk_sectors "$disk")" "$sectors"
