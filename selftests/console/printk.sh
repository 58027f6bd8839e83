#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#: timeout 300
# console=hvc0: the kernel's messages, those from before the module too; and a host
# that does not read them stops nobody.
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
. "$XG_TESTS/console.sh"
grep -q 'console=hvc0' /proc/cmdline || skip_all "the command line has no console=hvc0"
plan 14

# The log of the daemon has it all from the beginning.
check "the kernel prints on hvc0" grep -qw hvc0 /sys/class/tty/console/active
is "and this knows" "$(stat_of 0 printk)" 1
check "it has told of its beginning" toolstack logged 'Linux version'

toolstack listen 0
echo "<4>to-the-log-1" >/dev/kmsg
check "a message comes" wait_for 20 heard 0 to-the-log-1
echo "to-the-console-1" >/dev/console
check "what is written to /dev/console, too" wait_for 20 heard 0 to-the-console-1

check "the host stops to read" toolstack stop
cleanup "toolstack go-on"
dropped=$(stat_of 0 dropped)
some_dropped() { [ "$(stat_of 0 dropped)" -gt "$dropped" ]; }
# The other consoles print them, too, and may be slow.
filler=$(head -c 900 /dev/zero | tr '\0' x)
for i in 1 2 3; do
	echo "<4>nobody reads this: $filler"
done >/dev/kmsg
check "messages are dropped, not waited for" wait_for 100 some_dropped
check "who writes to /dev/console is held up for a while, not for ever" \
	timeout 30 dd if=/dev/zero of=/dev/console bs=1k count=64
check "the host reads again" toolstack go-on
# Half the ring is to be free before the kernel waits for room again.
wait_for 20 heard 0 'nobody reads this'
echo "<4>to-the-log-2" >/dev/kmsg
check "and the next message comes" wait_for 20 heard 0 to-the-log-2

check "the module goes" rmmod xg-console
check "with it the kernel's console" eval '! grep -qw hvc0 /sys/class/tty/console/active'
try_insmod xg-console
check "both come again" wait_for 10 grep -qw hvc0 /sys/class/tty/console/active
echo "<4>to-the-log-3" >/dev/kmsg
check "and messages" wait_for 20 heard 0 to-the-log-3
