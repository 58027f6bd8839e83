# SPDX-License-Identifier: GPL-2.0-only
"""From what a boot printed (see guest.sh) to figures of each job."""

import dataclasses
import re

import rows

TICKS = 100             # of /proc/stat, a second


@dataclasses.dataclass
class Job:
    """One repeat of one row."""
    value: float        # in the row's unit
    ops: float          # operations a second
    busy: float | None  # CPUs at work, idle and stolen time left out
    calls: dict         # hypercalls a second, by number

    def cpu(self, row):
        """CPU seconds for what CPU_FOR says, or None."""
        if row.unit not in rows.CPU_FOR or self.busy is None or not self.ops:
            return None
        return self.busy / self.ops * rows.CPU_FOR[row.unit][0]


def jobs(log):
    """Text of script.log -> ({row: {repeat: Job}}, [what went wrong])."""
    snaps = {}
    for name, repeat, rest in re.findall(r"^snap (\S+) (\S+) (.+)$", log,
                                         re.M):
        snaps.setdefault((name, repeat), []).append(rest.split())
    found, wrong = {}, []
    for name, repeat, text in re.findall(r"^bench (\S+) (\S+)(.*)$", log,
                                         re.M):
        row = rows.BY_NAME.get(name)
        if not row:
            continue
        try:
            value, ops = rows.result(row, text)
        except (ValueError, KeyError):
            wrong.append(f"{name} {repeat}: {text.strip() or 'no result'}")
            continue
        busy, calls = between(snaps.get((name, repeat), []))
        found.setdefault(name, {})[repeat] = Job(value, ops, busy, calls)
    return found, wrong


def setup(log):
    """What the guest ran with, such as "clock=tsc timer=lapic"."""
    found = re.findall(r"^setup +(.+)$", log, re.M)
    return found[-1].strip() if found else ""


def between(snaps):
    """Two snaps -> (CPUs busy, {hypercall: a second})."""
    if len(snaps) != 2:
        return None, {}
    (up0, ticks0, *calls0), (up1, ticks1, *calls1) = snaps
    seconds = float(up1) - float(up0)
    if seconds <= 0:
        return None, {}
    before = dict(word.split("=") for word in calls0)
    calls = {}
    for number, count in (word.split("=") for word in calls1):
        more = int(count) - int(before.get(number, 0))
        if more:
            calls[int(number)] = more / seconds
    return (int(ticks1) - int(ticks0)) / TICKS / seconds, calls
