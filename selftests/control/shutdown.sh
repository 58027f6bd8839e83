#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 600
# Each word of control/shutdown: it is answered, and done once. What records stands
# in for the programs that the kernel would run.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "${0%/*}/../toolstack.sh"
need xg-control
[ ! -e /sbin/poweroff ] && [ ! -e /sbin/reboot ] ||
	skip_all "this machine has programs of its own to go down with"
plan 28
record=/tmp/went.$$
watches=$(counter xenbus watches)

for name in poweroff reboot; do
	printf '#!/bin/sh\necho %s >>%s\n' $name $record >/sbin/$name
	chmod +x /sbin/$name
done
cleanup "rm -f /sbin/poweroff /sbin/reboot $record"

ran() { [ "$(cat $record 2>/dev/null)" = "$1" ]; }
same_watches() { [ "$(counter xenbus watches)" = "$watches" ]; }
nothing_ran() { sleep 2 && [ ! -s $record ]; }

# anew: what was asked before is forgotten; else it would be under way for 30 s
anew() {
	rmmod xg-control && try_insmod xg-control && rm -f $record
}

# asked WHAT PROGRAM COMMAND WORD...
asked() {
	what=$1 program=$2
	shift 2
	toolstack "$@" || diag "$*: $answer"
	check "$what: $program runs" wait_for 20 ran $program
	check "$what: it is answered" key_is control/shutdown ""
}

# refused WHAT WORD: answered, told in the log, and that is all
refused() {
	log_mark
	toolstack put control/shutdown "$2"
	check "$1: it is answered" wait_for 5 key_is control/shutdown ""
	check "$1: the log has it" log_has "shutdown: .*which this guest cannot do"
	check "$1: nothing runs" nothing_ran
}

check "it says that it can power off" key_is control/feature-poweroff 1
check "and reboot" key_is control/feature-reboot 1
check "and be saved" key_is control/feature-suspend 1

asked "xl shutdown" poweroff shutdown
log_mark
toolstack shutdown
check "once more: it is answered" wait_for 5 key_is control/shutdown ""
check "the log has it" log_has 'the guest is going down already'
check "nothing runs twice" eval "sleep 2; ran poweroff"

anew
asked "xl reboot" reboot reboot
anew
asked "halt" poweroff put control/shutdown halt

anew
refused "a word that is none" nonsense
refused "300 bytes" LONG
refused "bytes that are no letters" BINARY
check "then one that is" eval "toolstack shutdown; wait_for 20 ran poweroff"

rmmod xg-control
rm -f $record
check "without the module nobody knows" key_is control/feature-poweroff ""
toolstack reboot
check "a request waits for the module" nothing_ran
try_insmod xg-control
check "which does it" wait_for 20 ran reboot

anew
rmmod xg-platform-pci
# Not by xl, which sees that nobody is there to hear.
toolstack put control/shutdown poweroff
stack_up
check "or for the store" wait_for 20 ran poweroff
check "and what it can is said again" key_is control/feature-poweroff 1
check "no watch is left, none is lost" wait_for 30 same_watches
