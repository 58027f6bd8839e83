# SPDX-License-Identifier: GPL-2.0-only
"""A report's figures as SVG: a chart for a group of rows, one of VM exits.

The units of a group's rows differ: a row's longest bar is its largest median
or value seen, the numbers are beside the bars. A thin line is least to most.
"""

import fnmatch
from xml.sax.saxutils import escape

from rows import BY_NAME, DRIVERS, GROUPS, OPERATION
from table import median, number, totals, typical

COLOURS = {"xg": "#1f6fb4", "ours-intx": "#8fc1e8", "ours-vector": "#4a96d2",
           "ours-callback": "#1f6fb4", "mainline": "#e58a2b",
           "none": "#8d8d8d", "virtio": "#4a9a4a",
           "passed-event": "#8757a8", "passed-apic": "#c7a8d8"}
# Of exits, from the left: those that belong to interrupts first.
REASONS = {"APIC EOI": "#a50f15", "MSR EOI": "#ef6548", "VINTR": "#f7a8b8",
           "APIC ICR": "#b35806", "MSR ICR": "#fdb863",
           "APIC timer": "#8c6d1f", "MSR timer": "#e7cb94",
           "VMMCALL": "#1f6fb4", "HLT": "#9ecae1", "INTR": "#4eb3a0",
           "HPET": "#6a51a3", "IOIO": "#2d7d32", "MMIO": "#7cb87f",
           "#PF": "#7f5f4f", "NPF": "#b59a8c"}
# Other names of these: Intel's, KVM's.
ALIASES = {"VMCALL": "VMMCALL", "hypercalls": "VMMCALL", "halt": "HLT",
           "irq": "INTR", "irq_window": "VINTR", "io": "IOIO",
           "mmio": "MMIO", "EPT": "NPF"}
OTHER = "#d9d9d9"
LEFT, BAR, RIGHT = 110, 420, 110        # label, longest bar, figure
WIDTH = LEFT + BAR + RIGHT
STEP, TITLE, GAP, TOP = 20, 20, 12, 44
LEGEND, PER_LINE = 18, 7                # height of a line, reasons in it


def svg(report, group):
    """-> a group's chart, or None when none of its rows has a value."""
    title, pattern = GROUPS[group]
    parts, y = [], TOP
    for name, row in report["rows"].items():
        lists = {d: row[d]["values"] for d in report["drivers"]
                 if fnmatch.fnmatch(name, pattern)}
        longest = max((max(v, default=0) for v in lists.values()), default=0)
        if not longest:
            continue
        bars = {d: values_bar(d, v, BAR / longest) for d, v in lists.items()}
        parts.append(block(f"{BY_NAME[name].title}, {BY_NAME[name].unit}",
                           bars, y))
        y += TITLE + STEP * len(bars) + GAP
    return page(report, f"{title}: ", ", medians", parts, y)


def exits(report):
    """-> the chart of VM exits by reason, or None when none were counted."""
    rows = {name: {d: row[d]["traced"] for d in report["drivers"]
                   if typical(row[d]["traced"], "exits")}
            for name, row in report["rows"].items()}
    seen = {colour(k)[0] for row in rows.values() for traced in row.values()
            for k in typical(traced, "exits")["exits"]} - {""}
    parts, y = [legend([*(r for r in REASONS if r in seen), "other"])], TOP
    y += LEGEND * (1 + len(seen) // PER_LINE)
    for name, row in rows.items():
        if not row:
            continue
        longest = max(max(totals(t, "exits")) for t in row.values())
        bars = {d: exits_bar(t, BAR / longest) for d, t in row.items()}
        operation = OPERATION[BY_NAME[name].unit]
        parts.append(block(f"{BY_NAME[name].title}, VM exits per {operation}",
                           bars, y))
        y += TITLE + STEP * len(bars) + GAP
    return page(report, "VM exits: ", "", parts if any(rows.values()) else [],
                y)


def page(report, before, after, parts, height):
    if not parts:
        return None
    title = (f"{before}engine {report['engine']}, "
             f"kernel {report['kernel']}{after}")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        text(10, 24, title, 'font-size="16"'), *parts, "</svg>"]) + "\n"


def text(x, y, words, more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" {more}>{escape(words)}</text>'


def rect(x, y, width, fill):
    return (f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{STEP - 5}" fill="{fill}"/>')


def block(title, bars, y):
    """One row: its title and a labelled bar for each driver."""
    parts = [text(10, y + 13, title, 'font-weight="bold"')]
    for driver, draw in bars.items():
        y += STEP
        parts += [text(LEFT - 6, y + 12, DRIVERS[driver].title,
                       'text-anchor="end"'), *draw(y)]
    return "\n".join(parts)


def values_bar(driver, values, scale):
    """-> y -> bar, line from least to most, and the median as a number."""
    def draw(y):
        if not values:
            return [text(LEFT + 6, y + 12, "–")]
        return [rect(LEFT, y, max(median(values) * scale, 1), COLOURS[driver]),
                *beside(values, median(values), scale, y)]
    return draw


def exits_bar(traced, scale):
    """-> y -> a bar of each reason's part, in order, and the same."""
    found = dict(typical(traced, "exits")["exits"])
    total = found.pop("all")

    def draw(y):
        parts, x, left = [], LEFT, total
        order = [*REASONS.values(), OTHER]
        for name in sorted(found, key=lambda k: order.index(colour(k)[1])):
            # KVM's reasons may overlap.
            part = min(found[name], left)
            parts.append(rect(x, y, part * scale, colour(name)[1]))
            x, left = x + part * scale, left - part
        return [*parts, rect(x, y, left * scale, OTHER),
                *beside(totals(traced, "exits"), total, scale, y)]
    return draw


def beside(values, middle, scale, y):
    low, high = LEFT + min(values) * scale, LEFT + max(values) * scale
    return [f'<path d="M{low:.1f} {y + 7.5}H{high:.1f}" stroke="black"/>',
            text(max(high, LEFT + 1) + 6, y + 12, number(middle))]


def colour(reason):
    """-> (the name it has in the legend or "", its colour)."""
    name = ALIASES.get(reason, reason)
    return (name, REASONS[name]) if name in REASONS else ("", OTHER)


def legend(names):
    parts = []
    for at, name in enumerate(names):
        x = 10 + at % PER_LINE * (WIDTH - 20) / PER_LINE
        y = TOP - 8 + at // PER_LINE * LEGEND
        parts += [rect(x, y, 12, REASONS.get(name, OTHER)),
                  text(x + 16, y + 12, name)]
    return "\n".join(parts)
