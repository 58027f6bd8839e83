# SPDX-License-Identifier: GPL-2.0-only
"""The report of bench/run as Markdown. A report is what bench.json holds."""

import statistics

from rows import BY_NAME, CPU_FOR, DRIVERS, OPERATION

NOISY = 0.30            # spread over the median, from where on a row is marked


def number(x):
    """Three digits that say something."""
    if x is None:
        return "–"
    if x == 0 or abs(x) >= 99.95:
        return f"{x:.0f}"
    if abs(x) >= 9.995:
        return f"{x:.1f}"
    return f"{x:.2f}" if abs(x) >= 0.1 else f"{x:.2g}"


def median(values):
    return statistics.median(values) if values else None


def spread(values):
    """(most - least) / median, None of fewer than two values."""
    middle = median(values)
    if len(values) < 2 or not middle:
        return None
    return (max(values) - min(values)) / middle


def ratio(ours, other):
    return number(ours / other) if ours is not None and other else "–"


def line(*cells):
    return "| " + " | ".join(cells) + " |"


def head(*cells):
    return [line(*cells), "|" + "---|" * len(cells)]


def names(report):
    return [DRIVERS[d].title for d in report["drivers"]]


def others(report):
    """The drivers that ours is compared with."""
    return [d for d in report["drivers"]
            if d != "xg" and "xg" in report["drivers"]]


def markdown(report):
    text = intro(report) + figures(report) + cpu(report)
    for kind, title in (("exits", "VM exits per operation, by reason"),
                        ("hypercalls", "Hypercalls per operation"),
                        ("interrupts", "Interrupts that the guest was given "
                         "per operation, by vector")):
        text += counts(report, kind, title)
    return "\n".join(text + remarks(report)) + "\n"


def intro(report):
    return [f"Engine {report['engine']}, kernel {report['kernel']}, HVM, 2 "
            f"vCPUs, RAM-backed disk, paging {report['paging']}; "
            f"{report['rounds']} boot(s) of each in turn, "
            f"{report['repeats']} run(s) of {report['seconds']} s a boot: "
            "median (least–most)."]


def figures(report):
    text = ["", *head("", "", *names(report),
                      *(f"ours/{DRIVERS[d].title}" for d in others(report)),
                      "spread")]
    for name, found in report["rows"].items():
        values = {d: found[d]["values"] for d in report["drivers"]}
        ours = median(values.get("xg"))
        text.append(line(
            BY_NAME[name].title, BY_NAME[name].unit,
            *(with_range(v) for v in values.values()),
            *(ratio(ours, median(values[d])) for d in others(report)),
            noise(values.values())))
    return text


def with_range(values):
    if len(values) < 2:
        return number(median(values))
    return (f"{number(median(values))} "
            f"({number(min(values))}–{number(max(values))})")


def noise(lists):
    """The largest spread of a row's drivers, marked where it is large."""
    worst = max((s for s in map(spread, lists) if s is not None), default=None)
    if worst is None:
        return "–"
    return f"{worst:.0%}" + (" **!**" if worst > NOISY else "")


def cpu(report):
    """The guest's own CPU time, for rows that have it."""
    text = []
    for name, found in report["rows"].items():
        row = BY_NAME[name]
        values = {d: found[d]["cpu"] for d in report["drivers"]}
        if row.unit not in CPU_FOR or not any(values.values()):
            continue
        ours = median(values.get("xg"))
        text.append(line(
            row.title, f"s/{CPU_FOR[row.unit][1]}",
            *(with_range(v) for v in values.values()),
            *(ratio(ours, median(values[d])) for d in others(report))))
    if not text:
        return []
    return ["", "CPU time of the guest, idle and stolen time left out:", "",
            *head("", "", *names(report),
                  *(f"ours/{DRIVERS[d].title}" for d in others(report))), *text]


def counts(report, kind, title):
    """A table of VM exits or hypercalls; nothing when none were counted."""
    text = []
    for name, found in report["rows"].items():
        cells = [say_counts(found[d]["traced"], kind)
                 for d in report["drivers"]]
        if any(cell != "–" for cell in cells):
            text.append(line(BY_NAME[name].title,
                             OPERATION[BY_NAME[name].unit], *cells))
    if not text:
        return []
    return ["", f"{title}, 2 s of a traced run (of several the median one "
            "[least–most in all]):", "",
            *head("", "per", *names(report)), *text]


def totals(traced, kind):
    """Of the traced runs that counted this kind."""
    return [t[kind]["all"] for t in traced if t[kind]]


def typical(traced, kind):
    """The traced run with the median total, or {}."""
    found = sorted((t for t in traced if t[kind]), key=lambda t: t[kind]["all"])
    return found[(len(found) - 1) // 2] if found else {}


def say_counts(traced, kind):
    """Total, and by name what it is made of, of one run: their sum is right."""
    one = typical(traced, kind)
    if not one:
        return "–"
    parts = [", ".join(f"{k} {number(v)}" for k, v in one[kind].items()
                       if k != "all" and v >= 0.005)]
    if one["lost"]:
        parts.append(f"{one['lost']} records lost")
    said = "; ".join(p for p in parts if p)
    every = totals(traced, kind)
    seen = (f" [{number(min(every))}–{number(max(every))}]"
            if len(every) > 1 else "")
    return number(one[kind]["all"]) + seen + (f" ({said})" if said else "")


def remarks(report):
    text = []
    noisy = [BY_NAME[name].title for name, found in report["rows"].items()
             if any((spread(found[d]["values"]) or 0) > NOISY
                    for d in report["drivers"])]
    if noisy:
        text += ["", f"**!** spread over {NOISY:.0%}: a difference of that "
                 "size says nothing."]
    for driver, times in report["failed_boots"].items():
        text += ["", f"{times} boot(s) with {DRIVERS[driver].title} failed; "
                 "each was run again, at most twice."]
    setup = "; ".join(f"{DRIVERS[driver].title}: {said}"
                      for driver, said in report["setup"].items() if said)
    if setup:
        text += ["", f"They ran with: {setup}."]
    if report["failed_jobs"]:
        text += ["", f"{len(report['failed_jobs'])} job(s) gave no figure: "
                 "see failed_jobs in the JSON file."]
    return text + [x for note in report["notes"] for x in ("", note)]
