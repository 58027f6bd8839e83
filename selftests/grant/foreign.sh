#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Grants between this guest and dom0, where foreign-peer runs as host script of
# testbed/vm --engine xen. Each step is told to the other side; see there.
#: timeout 300
. "${0%/*}/../ktap.sh"
. "${0%/*}/../stack.sh"
need xg-grant
command -v wait_tell >/dev/null && wait_tell peer 10 ||
	skip_all "no foreign-peer in dom0 (host script of testbed/vm)"
test_module xg-test-grant
file=$XG_DEBUGFS/test-grant
plan 22

# kernel COMMAND...: the test module does it
kernel() { (echo "$*" >"$file") 2>&1; }
refused() { ! kernel "$@"; }
ref() { cat "$file"; }
peer() {
	ktap_i=0
	until [ -e "/run/tell/$1" ]; do
		[ ! -e /run/tell/peer-failed ] && [ $ktap_i -lt 600 ] || return 1
		ktap_i=$((ktap_i + 1))
		sleep 0.1
	done
}
none_deferred() { [ "$(counter grant deferred)" = 0 ]; }
in_use=$(counter grant in_use)

check "a page is granted to dom0" kernel hold 0 0
mark "hold.$(ref)"
check "dom0 maps it, reads and writes it" peer mapped
check "what dom0 wrote is seen" kernel look 0x22
check "while mapped it is not given back" refused end
check "nor dropped at once" refused drop
is "it waits" "$(counter grant deferred)" 1
mark let-go.0
check "dom0 lets go" peer let-go
check "then it is freed" wait_for 10 none_deferred
is "no reference is lost" "$(counter grant in_use)" "$in_use"

check "a page is granted read-only" kernel hold 0 1
mark "hold-ro.$(ref)"
check "dom0 reads it and cannot write it" peer ro-done
check "it is given back at once" kernel end

wait_for 60 sh -c 'ls /run/tell | grep -q "^ours\."'
theirs=$(ls /run/tell | sed -n 's/^ours\.//p')
check "dom0's page is mapped" kernel map 0 "$theirs"
check "what dom0 wrote is read" kernel see 0x33
check "it is written" kernel fill 0x44
mark filled.0
check "dom0 reads that" peer filled
check "dom0's next writing is seen, too" kernel see 0x55
check "it is unmapped" kernel unmap
mark unmapped.0
is "no foreign page is left" "$(counter grant mapped)" 0

# A page the peer keeps while everything is unloaded and loaded again.
kernel hold 0 0
mark "keep.$(ref)"
if built_in xg-grant; then
	peer kept && kernel drop >/dev/null
	skip "the drivers are loaded again while dom0 keeps a page" "built in"
elif peer kept && { kernel drop >/dev/null; rmmod xg-test-grant; } &&
	stack_down && stack_put_back
then
	is "an entry still in use is left alone" "$(counter grant inherited)" 1
else
	fail "the drivers are loaded again while dom0 keeps a page"
fi
try_insmod xg-test-grant
check "the table is of use all the same" kernel grow
mark reloaded.0
check "dom0 is done" peer done
