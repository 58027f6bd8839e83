# SPDX-License-Identifier: GPL-2.0-only
"""What a guest cost its hypervisor: from Xen's trace or KVM's counters.

A record of Xen's (public/trace.h): a word with event (28 bits), number of data
words (3 bits) and whether two words of time stamp follow (1 bit), then those
words. What a handler says follows the record of its exit; a record of another
CPU begins a run of that CPU's.
"""

import collections
import dataclasses
import struct

SECONDS = 2             # that host.sh looks on
MOST = 10               # names of a kind are kept, the most frequent

EXIT, EXIT64, HYPERCALL = 0x81002, 0x81102, 0x82012
INJECTED, MSRS, MMIO = 0x82004, (0x8200c, 0x8200d), (0x82017, 0x82217)
LOST, OTHER_CPU = 0x1f001, 0x1f003
# AMD's numbers, then Intel's, which are smaller.
REASONS = {0x13: "CR3", 0x47: "#NM", 0x4e: "#PF",
           0x60: "INTR", 0x61: "NMI", 0x64: "VINTR", 0x72: "CPUID",
           0x74: "IRET", 0x78: "HLT", 0x79: "INVLPG", 0x7b: "IOIO",
           0x7c: "MSR", 0x6e: "RDTSC", 0x81: "VMMCALL", 0x400: "NPF",
           0x77: "PAUSE",
           1: "INTR", 7: "VINTR", 10: "CPUID", 12: "HLT", 18: "VMCALL",
           28: "CR", 30: "IOIO", 31: "MSR", 32: "MSR",
           40: "PAUSE", 44: "APIC", 45: "EOI", 48: "EPT", 49: "EPT",
           56: "APIC write"}
CALLS = {12: "memory_op", 15: "set_timer_op", 17: "xen_version",
         20: "grant_table_op", 24: "vcpu_op", 29: "sched_op",
         32: "event_channel_op", 33: "physdev_op", 34: "hvm_op"}
# The APIC's registers, a page's and MSRs' alike.
APIC = {0xb: "EOI", 0x30: "ICR", 0x31: "ICR", 0x38: "timer", 0x39: "timer"}
APIC_PAGE, HPET_PAGE, APIC_MSRS = 0xfee00, 0xfed00, 0x800
# Of Linux, the same in 6.1 and 6.12; others come and go.
VECTORS = {0xec: "APIC timer", 0xf3: "callback", 0xf6: "irq work",
           0xfb: "call", 0xfc: "call", 0xfd: "reschedule"}


@dataclasses.dataclass
class Counts:
    """Of each kind: how many in all, and by name."""
    exits: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)
    hypercalls: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)
    interrupts: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)
    lost: int = 0               # records of the trace


def call_name(number):
    return CALLS.get(number, f"hypercall {number}")


def records(data):
    """A trace's bytes -> (event, data words) of each record that is whole."""
    words = struct.unpack(f"<{len(data) // 4}I", data[:len(data) // 4 * 4])
    at = 0
    while at < len(words):
        body = at + 1 + (2 if words[at] >> 31 else 0)
        end = body + (words[at] >> 28 & 7)
        if end <= len(words):
            yield words[at] & 0xfffffff, words[body:end]
        at = end


def closer(event, reason, word):
    """What a handler's record says of the exit's reason -> it, or a better."""
    if event in MSRS and word >> 8 == APIC_MSRS >> 8:
        return f"MSR {APIC.get(word & 0xff, '')}".strip()
    if event in MMIO and reason in ("#PF", "NPF", "EPT"):
        if word >> 12 == APIC_PAGE:
            return f"APIC {APIC.get(word >> 4 & 0xff, '')}".strip()
        return "HPET" if word >> 12 == HPET_PAGE else "MMIO"
    return reason


def xen(path):
    """A trace -> Counts."""
    found, reason = Counts(), None
    for event, words in records(path.read_bytes()):
        if event in (EXIT, EXIT64) and words:
            reason = REASONS.get(words[0], hex(words[0]))
            found.exits[reason] += 1
        elif event == OTHER_CPU:
            reason = None
        elif not words:
            continue
        elif event == HYPERCALL:
            found.hypercalls[call_name(words[0])] += 1
        elif event == INJECTED:
            found.interrupts[VECTORS.get(words[0], hex(words[0]))] += 1
        elif event == LOST:
            found.lost += words[0]
        elif reason and closer(event, reason, words[0]) != reason:
            found.exits[reason] -= 1
            found.exits[closer(event, reason, words[0])] += 1
            reason = None
    found.exits = +found.exits
    return found


def kvm(before, after):
    """Two samples of KVM's counters -> {counter: how many a second}.

    A sample is lines "NAME COUNT", one of them "at SECONDS". "exits" are all
    exits, the other "..._exits" those of a reason.
    """
    first, last = (dict(line.split() for line in path.read_text().splitlines()
                        if len(line.split()) == 2) for path in (before, after))
    try:
        seconds = float(last["at"]) - float(first["at"])
        return {name: (int(last[name]) - int(first[name])) / seconds
                for name in last if name in first
                and (name.endswith("exits")
                     or name in ("hypercalls", "irq_injections"))}
    except (KeyError, ValueError, ZeroDivisionError):
        return {}


def traced(folder, name, job):
    """-> what a row's traced repeat counted, each kind per operation."""
    found, every = Counts(), job.ops
    found.hypercalls = {call_name(n): x for n, x in job.calls.items()}
    if (folder / f"{name}.trace").exists():
        found = xen(folder / f"{name}.trace")
        every *= SECONDS
    elif (folder / f"{name}.after").exists():
        rates = kvm(folder / f"{name}.before", folder / f"{name}.after")
        found.interrupts = {"all": rates.pop("irq_injections", 0)}
        found.exits = {k.removesuffix("_exits"): v for k, v in rates.items()}
        found.exits["all"] = found.exits.pop("exits", 0)
    return {"exits": per(every, found.exits),
            "hypercalls": per(every, found.hypercalls),
            "interrupts": per(every, found.interrupts), "lost": found.lost}


def per(every, found):
    """{name: so many} -> {"all": of `every` one, most frequent names first}."""
    total = found.get("all", sum(found.values()))
    if not total or not every:
        return {}
    most = sorted(((k, v) for k, v in found.items() if k != "all" and v),
                  key=lambda item: -item[1])[:MOST]
    return {k: round(v / every, 4) for k, v in [("all", total), *most]}
