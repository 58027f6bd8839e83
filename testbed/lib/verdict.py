# SPDX-License-Identifier: GPL-2.0-only
"""From how a run ended and what its consoles show to an exit status."""

import dataclasses
import re
from pathlib import Path

PASS, FAIL, CRASH, BROKEN = 0, 1, 2, 3
NAMES = {PASS: "pass", FAIL: "fail", CRASH: "crash", BROKEN: "testbed-error"}

# Reports that turn a pass into a failure, in the guest's or dom0's console.
REPORTS = re.compile(
    r"WARNING: (?!Spectre|.*(?:CPU bugs|best effort))|\bBUG: |kernel BUG at|"
    r"Oops: |general protection fault|Kernel panic|INFO: task .* blocked for|"
    r"INFO: rcu.* detected stall|rcu: INFO: .*stall|soft lockup|hard LOCKUP|"
    r"possible (?:circular|recursive) locking|inconsistent lock state|"
    r"suspicious RCU usage|Unable to handle kernel|-+\[ cut here \]-+|"
    r"double fault|unreferenced object|No irq handler for vector")
# What the stock kernel and the emulator say in any boot, ours loaded or not; and
# what a test has asked for: who dies of it gives no verdict.
HARMLESS = re.compile(
    r"Kernel panic - not syncing: sysrq triggered crash|"
    r"You are booting on Spectre|unprivileged eBPF|"
    r"WARNING: CPU: 0 PID: 0 at .*xen_(?:pv|hvm)_never")
# The local APIC keeps an interrupt of a kernel that has crashed. The one for its
# dump, which such a command line tells, has it in its first instant.
LEFT_BEHIND = re.compile(
    r"^(.*Kernel command line: .* elfcorehdr=.*\n)"
    r"\[ +0\.000000\] __common_interrupt: 0\.\d+ No irq handler.*$", re.M)
# A guest's triple fault whose register dump shows Xen's own address as RIP.
FAULT_IN_XEN = re.compile(r"Triple fault(?:(?!RIP:).)*RIP:\s+e008:\[?<?ffff82d0",
                          re.S)
# A device's interrupt (no NMI) in a trace, and the flags it interrupted. No guest
# can be interrupted while bit 9 of them, IF, is clear: it was injected wrongly.
INTERRUPTED = re.compile(r"asm_(?:common_interrupt|sysvec_\w+)\+\S+\n"
                         r".*RIP: 0010:.*\n(?:.*Code:.*\n)?"
                         r".*EFLAGS: ([0-9a-f]{8})")
FLAG_IF = 1 << 9
# The guest's init ended by itself, by no signal: our own doing.
INIT_EXITED = re.compile(r"Attempted to kill init! exitcode=0x0000[0-9a-f]{2}00")
# A line of the guest's kernel, not of its firmware; "quiet" hides the first.
PRINTED = re.compile(rb"Linux version|^\[ *\d+\.\d{6}\] ", re.M)


@dataclasses.dataclass
class Paths:
    """Where a run keeps its files."""
    out: Path           # DIR: logs, verdict, out/
    run: Path           # DIR/run: of this attempt only, removed at its end


@dataclasses.dataclass
class Ending:
    """How an attempt ended, as the engine saw it."""
    how: str = ""
    guest_status: int | None = None     # of the guest script; None: no verdict
    host_status: int | None = None      # of the host script
    died: bool = False                  # it ended by itself, none was told to
    broke: bool = False                 # not the guest: the machine below it
    emulated: bool = False              # by software, which has its own faults
    times: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Verdict:
    status: int
    why: str
    reports: list = dataclasses.field(default_factory=list)
    emulator_faults: int = 0
    restarts: int = 0
    seconds: float = 0
    ending: Ending = dataclasses.field(default_factory=Ending)

    def write(self, path):
        lines = {"result": NAMES[self.status], "status": self.status,
                 "why": self.why, "seconds": round(self.seconds, 1),
                 "restarts": self.restarts,
                 "emulator_faults": self.emulator_faults}
        lines |= {f"at_{k}": v for k, v in self.ending.times.items()
                  if k in ("dom0", "created", "hello", "ready", "exit", "gone")}
        lines |= {f"report_{i}": r for i, r in enumerate(self.reports[:20])}
        path.write_text("".join(f"{k}: {' '.join(str(v).split())}\n"
                                for k, v in lines.items()))


def console_reports(paths):
    """Lines of any console that tell of a kernel's trouble."""
    found = []
    for name in ("guest.log", "xen.log"):
        text = LEFT_BEHIND.sub(r"\1", text_of(paths.out / name))
        for line in text.splitlines():
            if REPORTS.search(line) and not HARMLESS.search(line):
                found.append(f"{name}: {line.strip()}")
    return found


def emulator_fault(ending, paths):
    """The mark of an emulator fault that this attempt shows, or None.

    Only of what died: slow or silent is never the emulator's excuse.
    """
    if not ending.emulated or ending.guest_status is not None:
        return None
    if ending.broke:
        return ending.how
    if not ending.died:
        return None
    if INIT_EXITED.search(text_of(paths.out / "guest.log")):
        return None
    if "drivers" not in ending.times:
        return f"before a driver was loaded: {ending.how}"
    if FAULT_IN_XEN.search(text_of(paths.out / "xen.log")):
        return "triple fault at an address inside Xen"
    for flags in INTERRUPTED.findall(text_of(paths.out / "guest.log")):
        if not int(flags, 16) & FLAG_IF:
            return "an interrupt while interrupts were off"
    return None


def text_of(path):
    return path.read_text(errors="replace") if path.exists() else ""


def judge(spec, ending, paths):
    """-> Verdict of one attempt."""
    reports = console_reports(paths)
    scripts = [(name, status) for name, status in
               (("guest script", ending.guest_status),
                ("host script", ending.host_status)) if status]
    if ending.how != "scripts ended":
        why = ending.how
        if reports:
            why += f" ({reports[0]})"
        if ending.host_status:
            why += f"; host script: exit {ending.host_status}"
        return Verdict(CRASH, why, reports, ending=ending)
    if scripts:
        why = ", ".join(f"{n}: exit {s}" for n, s in scripts)
        return Verdict(FAIL, why, reports, ending=ending)
    if reports:
        return Verdict(FAIL, reports[0], reports, ending=ending)
    return Verdict(PASS, "scripts passed" if spec.guest_script
                   or spec.host_script else "booted", ending=ending)
