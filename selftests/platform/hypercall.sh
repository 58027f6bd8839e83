#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the hypercall layer tells of Xen.
. "${0%/*}/../ktap.sh"
need xg-hypercall
plan 5
HYPERVISOR_xen_version=17
HYPERVISOR_event_channel_op=32

like "a version of Xen 3 or newer" "$(counter xen version)" '^[3-9][0-9]*\.[0-9]+'
like "CPUID leaves on a boundary" "$(counter xen cpuid_base)" '^0x4000[0-9a-f][0-9a-f]00$'
like "calls are inline or by page" "$(counter xen calls)" '^(inline|page)$'
check "version calls were counted" test "$(counter hypercalls $HYPERVISOR_xen_version)" -gt 0
if loaded xg-evtchn; then
	check "event channel calls were counted" test "$(counter hypercalls $HYPERVISOR_event_channel_op)" -gt 0
else
	skip "event channel calls were counted" "xg-evtchn is not loaded"
fi
