# SPDX-License-Identifier: GPL-2.0-only
"""A report's figures as SVG: one chart for a group of rows.

The units of a group's rows differ: a row's longest bar is its largest median
or value seen, the numbers are beside the bars. A thin line is least to most.
"""

import fnmatch
from xml.sax.saxutils import escape

from rows import BY_NAME, DRIVERS, GROUPS
from table import median, number

COLOURS = {"xg": "#1f6fb4", "mainline": "#e58a2b", "none": "#8d8d8d",
           "virtio": "#4a9a4a"}
LEFT, BAR, RIGHT = 90, 440, 110         # label, longest bar, figure
STEP, TITLE, GAP, TOP = 20, 20, 12, 44


def svg(report, group):
    """-> the chart's text, or None when none of its rows has a value."""
    title, pattern = GROUPS[group]
    found = {n: r for n, r in report["rows"].items()
             if fnmatch.fnmatch(n, pattern)
             and any(r[d]["values"] for d in report["drivers"])}
    if not found:
        return None
    parts, y = [], TOP
    for name, row in found.items():
        parts += block(report["drivers"], BY_NAME[name], row, y)
        y += TITLE + STEP * len(report["drivers"]) + GAP
    width = LEFT + BAR + RIGHT
    where = (f"{title}: engine {report['engine']}, "
             f"kernel {report['kernel']}, medians")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{y}" viewBox="0 0 {width} {y}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{y}" fill="white"/>',
        text(10, 24, where, 'font-size="16"'), *parts, "</svg>"]) + "\n"


def text(x, y, words, more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" {more}>{escape(words)}</text>'


def block(drivers, row, found, y):
    """One row: its title and a bar for each driver."""
    longest = max((max(found[d]["values"], default=0) for d in drivers)) or 1
    parts = [text(10, y + 13, f"{row.title}, {row.unit}",
                  'font-weight="bold"')]
    y += TITLE
    for driver in drivers:
        parts += bar(driver, found[driver]["values"], BAR / longest, y)
        y += STEP
    return parts


def bar(driver, values, scale, y):
    """Label, bar, line from least to most, and the median as a number."""
    label = text(LEFT - 6, y + 12, DRIVERS[driver], 'text-anchor="end"')
    if not values:
        return [label, text(LEFT + 6, y + 12, "–")]
    middle = median(values)
    low, high = LEFT + min(values) * scale, LEFT + max(values) * scale
    return [label,
            f'<rect x="{LEFT}" y="{y}" width="{max(middle * scale, 1):.1f}" '
            f'height="{STEP - 5}" fill="{COLOURS[driver]}"/>',
            f'<path d="M{low:.1f} {y + 7.5}H{high:.1f}" stroke="black"/>',
            text(max(high, LEFT + 1) + 6, y + 12, number(middle))]
