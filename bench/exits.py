# SPDX-License-Identifier: GPL-2.0-only
"""VM exits in a trace of Xen's, by reason and a second.

A record (Xen public/trace.h): a word with event (28 bits), number of data words
(3 bits) and whether two words of time stamp follow (1 bit), then those words.
"""

import collections
import struct

EXIT, EXIT64 = 0x81002, 0x81102
LOST = 0x1f001
# AMD's numbers; Intel's are smaller than any of them but for exceptions.
SVM = {0x60: "INTR", 0x61: "NMI", 0x64: "VINTR", 0x72: "CPUID", 0x74: "IRET",
       0x78: "HLT", 0x79: "INVLPG", 0x7b: "IOIO", 0x7c: "MSR", 0x6e: "RDTSC",
       0x81: "VMMCALL", 0x400: "NPF", 0x4e: "#PF", 0x77: "PAUSE"}


def count(path):
    """-> (Counter of exits by reason, records lost)."""
    data = path.read_bytes()
    words = struct.unpack(f"<{len(data) // 4}I", data[:len(data) // 4 * 4])
    exits, lost, at = collections.Counter(), 0, 0
    while at < len(words):
        event = words[at] & 0xfffffff
        extra = words[at] >> 28 & 7
        body = at + 1 + (2 if words[at] >> 31 else 0)
        if event in (EXIT, EXIT64) and body < len(words):
            reason = words[body]
            exits[SVM.get(reason, hex(reason))] += 1
        elif event == LOST and body < len(words):
            lost += words[body]
        at = body + extra
    return exits, lost
