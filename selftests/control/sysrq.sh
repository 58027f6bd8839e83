#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 400
# control/sysrq: a key is pressed once; what is no key is told, in one line.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../toolstack.sh"
need xg-control
mask=$(cat /proc/sys/kernel/sysrq) || skip_all "this kernel has no sysrq"
cleanup "echo $mask >/proc/sys/kernel/sysrq"
echo 1 >/proc/sys/kernel/sysrq
plan 11

helps() { log_since | grep -c 'sysrq: HELP'; }
helped() { [ "$(helps)" = 1 ]; }

log_mark
check "xl sysrq h" toolstack sysrq h
check "the key is pressed" wait_for 20 helped
check "and answered" key_is control/sysrq ""
is "once" "$(helps)" 1

log_mark
for bad in hh LONG BINARY "" CONTROL SPACE; do
	toolstack put control/sysrq "$bad"
done
check "what is no key is answered" wait_for 5 key_is control/sysrq ""
is "and told, in one line" "$(log_since | grep -c 'is no key')" 1
is "nothing is pressed" "$(helps)" 0
check "then one that is" eval "toolstack sysrq h; wait_for 20 helped"

echo 0 >/proc/sys/kernel/sysrq
log_mark
toolstack sysrq h
check "kernel.sysrq=0: the log has it" wait_for 20 log_has 'kernel.sysrq is 0'
is "nothing is pressed" "$(helps)" 0
echo 1 >/proc/sys/kernel/sysrq

rmmod xg-control
log_mark
toolstack sysrq h
try_insmod xg-control
check "a key that waited for the module is pressed" wait_for 20 helped
