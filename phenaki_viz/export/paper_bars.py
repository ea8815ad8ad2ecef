"""Lines of signed bars on paper."""

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from phenaki_viz.export.paper import EDGE, WIDTH, Body, Box, Sheet
from phenaki_viz.export.paper_text import FAINT, INK, LABEL, TICK, height_of, printable, width_of
from phenaki_viz.figures import TermBars
from phenaki_viz.figures.curves import COLOURS
from phenaki_viz.figures.term_bars import TERM_COLOURS, pattern_of
from phenaki_viz.figures.words import shortened, spoken

LINE = 0.24  # inches of one line of bars
LEGEND = {"frameon": False, "fontsize": TICK, "handlelength": 1.4, "labelcolor": INK, "ncols": 4}


def term_bars_sheet(picture: TermBars, *, vector: bool) -> Sheet:
    """The bars, what they are of at their left and what they come to at their right."""
    del vector  # bars are bars on every paper
    names = [printable(name) for name in shortened(picture.names)]
    totals = [printable(one) for one in picture.totals]
    left = max(width_of(name, TICK) for name in names) + 0.12
    wide = WIDTH - left - max(width_of(one, TICK) for one in totals) - 0.1 - EDGE
    over = height_of(1, TICK) + 0.08 if picture.named_apart else 0
    high = LINE * len(names) + 0.08
    under = height_of(1, TICK) + height_of(1, LABEL) + 0.1
    sheet = Sheet(picture, Body(over + high + under))
    axes = sheet.axes(Box(left=left, top=sheet.top + over, width=wide, height=high))
    lines = np.arange(len(names))
    for at, part in enumerate(picture.parts):
        there = np.isfinite(picture.values[:, at])
        axes.barh(
            lines[there],
            picture.values[there, at],
            left=picture.starts[there, at],
            height=0.7,
            color=COLOURS["light"][TERM_COLOURS[part]],
            hatch=pattern_of(part) * 3 or None,
            edgecolor="white",
            linewidth=0.4,
            label=printable(picture.labels[at]),
        )
    low, high_end = picture.ends
    room = (high_end - low or 1) * 0.04
    axes.set_xlim(low - room, high_end + room)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(lines, names)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=FAINT, linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: spoken(value)))
    axes.spines[["top", "right", "left"]].set_visible(False)
    for line, one in zip(lines, totals, strict=True):
        top = sheet.top + over + (line + 0.6) / (len(names) + 0.2) * high
        sheet.text(one, left + wide + 0.08, top, TICK, va="center", color=INK)
    if picture.named_apart:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, **LEGEND)
    foot = sheet.top + over + high + height_of(1, TICK) + 0.06
    sheet.text(printable(picture.unit), left + wide / 2, foot, LABEL, ha="center", color=INK)
    return sheet
