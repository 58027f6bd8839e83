# SPDX-License-Identifier: GPL-2.0-only
"""Reading KTAP: what a script reported, and what it promised and did not."""

import dataclasses
import re

RESULT = re.compile(r"^( *)(not )?ok\b *\d* *(?:- )?(.*?)(?:\s+# *(.*))?$")
PLAN = re.compile(r"^1\.\.(\d+)(?: *# *(.*))?")
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclasses.dataclass
class Result:
    name: str
    verdict: str
    why: list[str] = dataclasses.field(default_factory=list)


def _result(match, prefix=""):
    _, failed, name, note = match.groups()
    verdict = FAILED if failed else PASSED
    if not failed and re.match(r"SKIP\b", note or "", re.I):
        verdict = SKIPPED
    return Result(prefix + name, verdict, [note] if note else [])


def parse(text):
    """-> every leaf result of a script's output.

    A result with others indented above it stands for them: it counts itself only
    when it failed and none of them did (a crash, a timeout, a missing result).
    What a plan promised and did not come has failed.
    """
    found, inner = [], []
    planned = None
    seen = 0
    started = None              # "# area/test.sh", said by run.sh
    for line in text.splitlines():
        match = RESULT.match(line)
        plan = PLAN.match(line)
        if match and match[1]:
            inner.append(_result(match))
        elif match:
            seen += 1
            outer = _result(match)
            for result in inner:
                result.name = f"{outer.name}: {result.name}"
            if not inner or (outer.verdict == FAILED and FAILED not in
                             (r.verdict for r in inner)):
                inner.append(outer)
            found += inner
            inner, started = [], None
        elif plan:
            planned = int(plan[1])
            if not planned:
                found.append(Result("all", SKIPPED, [plan[2] or ""]))
        elif re.match(r"^# \S+/\S+\.sh$", line):
            started = line[2:]
        elif line.lstrip().startswith("# ") and (inner or found):
            (inner or found)[-1].why.append(line.strip()[2:])
    return found + inner + _missing(planned, seen, started)


def _missing(planned, seen, started):
    if planned is None:
        return [Result("KTAP", FAILED, ["no plan was printed"])]
    count = planned - seen
    names = [f"result {seen + i + 1}" for i in range(count)]
    if count > 0 and started:
        names[0] = started
    return [Result(name, FAILED, ["promised, but it never came"])
            for name in names]
