# SPDX-License-Identifier: GPL-2.0-only
"""VM exits by reason, and hypercalls by number: from Xen's trace or KVM's counters.

A record of Xen's (public/trace.h): a word with event (28 bits), number of data
words (3 bits) and whether two words of time stamp follow (1 bit), then those
words.
"""

import collections
import struct

EXIT, EXIT64, HYPERCALL = 0x81002, 0x81102, 0x82012
LOST = 0x1f001
# AMD's numbers, then Intel's, which are smaller.
REASONS = {0x60: "INTR", 0x61: "NMI", 0x64: "VINTR", 0x72: "CPUID",
           0x74: "IRET", 0x78: "HLT", 0x79: "INVLPG", 0x7b: "IOIO",
           0x7c: "MSR", 0x6e: "RDTSC", 0x81: "VMMCALL", 0x400: "NPF",
           0x4e: "#PF", 0x77: "PAUSE",
           1: "INTR", 7: "VINTR", 10: "CPUID", 12: "HLT", 18: "VMCALL",
           28: "CR", 30: "IOIO", 31: "MSR read", 32: "MSR write",
           40: "PAUSE", 44: "APIC", 45: "EOI", 48: "EPT", 49: "EPT",
           56: "APIC write"}
CALLS = {12: "memory_op", 15: "set_timer_op", 17: "xen_version",
         20: "grant_table_op", 24: "vcpu_op", 29: "sched_op",
         32: "event_channel_op", 33: "physdev_op", 34: "hvm_op"}


def call_name(number):
    return CALLS.get(number, f"hypercall {number}")


def xen(path):
    """Trace -> (Counter of exits, Counter of hypercalls, records lost)."""
    data = path.read_bytes()
    words = struct.unpack(f"<{len(data) // 4}I", data[:len(data) // 4 * 4])
    exits, calls = collections.Counter(), collections.Counter()
    lost, at = 0, 0
    while at < len(words):
        event = words[at] & 0xfffffff
        extra = words[at] >> 28 & 7
        body = at + 1 + (2 if words[at] >> 31 else 0)
        if body < len(words):
            if event in (EXIT, EXIT64):
                reason = words[body]
                exits[REASONS.get(reason, hex(reason))] += 1
            elif event == HYPERCALL:
                calls[call_name(words[body])] += 1
            elif event == LOST:
                lost += words[body]
        at = body + extra
    return exits, calls, lost


def kvm(before, after):
    """Two samples of KVM's counters -> (exits a second by reason, all of them).

    A sample is lines "NAME COUNT", one of them "at SECONDS".
    """
    first, last = (dict(line.split() for line in path.read_text().splitlines()
                        if len(line.split()) == 2) for path in (before, after))
    try:
        seconds = float(last["at"]) - float(first["at"])
        rates = {name: (int(last[name]) - int(first[name])) / seconds
                 for name in last if name in first
                 and (name.endswith("exits") or name == "hypercalls")}
    except (KeyError, ValueError, ZeroDivisionError):
        return {}, 0
    return ({k.removesuffix("_exits"): v for k, v in rates.items()
             if k != "exits" and v}, rates.get("exits", 0))
