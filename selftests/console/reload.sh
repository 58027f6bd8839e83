#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 400
# Out and in: not while it is open; when the stack goes from under it whoever has it
# open hears so, and finds it again after. Nothing is leaked.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "$XG_TESTS/console.sh"
rounds=$(rounds 4 40)
plan 25

same_held() { [ "$(held)" = "$first" ]; }
# says N: a word arrives at the host
words=0
says() {
	words=$((words + 1))
	word=word-$$-$words
	echo $word >"/dev/hvc$1" && wait_for 20 heard "$1" $word
}
hears() {
	toolstack type "$1" "to-$1-$2"
	read -r -t 20 line <&5
	[ "$line" = "to-$1-$2" ]
}
all_there() { [ -c /dev/hvc0 ] && [ -c /dev/hvc1 ] && live1; }
live1() { [ "$(cat /sys/bus/xg/devices/console-1/state)" = Connected ]; }

toolstack listen 0
toolstack listen 1
check "both are there" wait_for 20 all_there
exec 5<>/dev/hvc0
rmmod xg-console 2>/dev/null
is "an open console keeps the module" $? 1
check "hvc0 goes on, out" says 0
check "and in" hears 0 a
exec 5>&-

first=$(held)
outs=0 ins=0 said=0 heard=0 same=0
for i in $(seq "$rounds"); do
	rmmod xg-console && [ ! -e /dev/hvc0 ] && outs=$((outs + 1))
	try_insmod xg-console && wait_for 20 all_there && ins=$((ins + 1))
	says 0 && says 1 && said=$((said + 1))
	exec 5<>/dev/hvc0
	hears 0 $i && heard=$((heard + 1))
	exec 5>&-
	exec 5<>/dev/hvc1
	hears 1 $i && heard=$((heard + 1))
	exec 5>&-
	if wait_for 5 same_held; then
		same=$((same + 1))
	else
		diag "round $i: $(held), at first $first"
	fi
done
is "unloaded" $outs "$rounds"
is "loaded, both are there" $ins "$rounds"
is "words arrive at the host" $said "$rounds"
is "and here" $heard $((rounds * 2))
is "grants, ports and watches stay the same" $same "$rounds"

# One who reads and one who waits for room, as the stack goes
exec 5<>/dev/hvc0
raw 5
(cat <&5 >/dev/null 2>&1; : >$files.reader) &
check "the host stops to read" toolstack stop
cleanup "toolstack go-on"
full=$(stat_of 0 full)
(cat /dev/zero >&5 2>/dev/null; : >$files.writer) &
is_full() { [ "$(stat_of 0 full)" -gt "$full" ]; }
check "a writer waits" wait_for 20 is_full
exec 6<>/dev/hvc1
check "the root goes" rmmod xg-platform-pci
check "the reader hears so" wait_for 10 test -e $files.reader
check "the writer hears so" wait_for 10 test -e $files.writer
check "no node is left" eval '[ ! -e /dev/hvc0 ] && [ ! -e /dev/hvc1 ]'
is "the host goes on" "$(toolstack go-on; echo $?)" 0
echo x >&5 2>/dev/null
is "a tty that was hung up takes nothing" $? 1
check "the root comes" stack_up
check "both are there again" wait_for 30 all_there
check "hvc0 speaks, while an old user has it still open" says 0
check "hvc1, too" says 1
exec 5>&- 6>&-
exec 5<>/dev/hvc0
check "hvc0 hears" hears 0 z
exec 5>&-
check "grants, ports and watches are as they were" wait_for 20 same_held
check "and the module goes" rmmod xg-console
try_insmod xg-console
check "and comes" wait_for 20 all_there
