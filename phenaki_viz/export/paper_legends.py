"""What explains a printed picture's colours: bars and swatches; lengths are inches."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.export.paper import EDGE, WIDTH, Box, Sheet
from phenaki_viz.export.paper_text import (
    INK,
    LABEL,
    LEADING,
    NOTE,
    TICK,
    height_of,
    printable,
    width_of,
)
from phenaki_viz.figures.colour import ColourScale, lut
from phenaki_viz.figures.theme import Swatch
from phenaki_viz.figures.ticks import colour_ticks

BAR, BAR_GAP = 0.11, 0.12
SQUARE = 0.08
SWATCH_LINE = NOTE * LEADING / 72 + 0.02


def bar_ticks(scale: ColourScale, length: float) -> tuple[list[float], list[str]]:
    """Ticks of a printed colour bar of this length, as many as stay apart."""
    return colour_ticks(scale, int(np.clip(length / 0.25, 3, 6)))


def bar_room(labels: Sequence[str], unit: str) -> float:
    """Width of an upright colour bar with its labels and its unit."""
    widest = max((width_of(label, TICK) for label in labels), default=0)
    return BAR_GAP + BAR + 0.06 + widest + (0.05 + height_of(1, LABEL) if unit else 0)


def draw_bar(
    sheet: Sheet, box: Box, scale: ColourScale, ticks: tuple[list[float], list[str]], unit: str
) -> None:
    """An upright colour bar at the left of a place, lowest value at the bottom."""
    axes = sheet.axes(Box(left=box.left, top=box.top, width=BAR, height=box.height))
    axes.imshow(lut(scale.palette)[:, None], extent=(0, 1, 0, 1), aspect="auto", origin="lower")
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.set_yticks(ticks[0], ticks[1])
    axes.tick_params(length=2, pad=2)
    widest = max((width_of(label, TICK) for label in ticks[1]), default=0)
    if unit:
        left = box.left + BAR + 0.06 + widest + 0.05
        middle = box.top + box.height / 2
        look = {"rotation": 90, "va": "center", "rotation_mode": "default", "color": INK}
        sheet.text(printable(unit), left, middle, LABEL, **look)


def draw_swatches(sheet: Sheet, swatches: Sequence[Swatch], left: float, top: float) -> None:
    """Legend entries side by side, as `swatch_lines` breaks them."""
    for row, line in enumerate(swatch_lines(swatches, WIDTH - EDGE - left)):
        at, middle = left, top + (row + 0.5) * SWATCH_LINE
        for swatch in line:
            _draw_swatch(sheet, swatch, at, middle)
            at += swatch_width(swatch)


def _draw_swatch(sheet: Sheet, swatch: Swatch, left: float, middle: float) -> None:
    if swatch.mark:
        filled = swatch.colour if swatch.mark == "■" else "none"
        top = middle - SQUARE / 2
        sheet.square(left, top, SQUARE, facecolor=filled, edgecolor=swatch.colour)
        left += SQUARE + 0.05
    words = printable(swatch.label)
    sheet.text(words, left, middle, NOTE, va="center_baseline", color=INK)


def swatch_width(swatch: Swatch) -> float:
    """Width of one legend entry and the gap after it."""
    square = SQUARE + 0.05 if swatch.mark else 0
    return square + width_of(printable(swatch.label), NOTE) + 0.14


def swatch_lines(swatches: Sequence[Swatch], width: float) -> list[list[Swatch]]:
    """Legend entries in lines no wider than `width`."""
    lines: list[list[Swatch]] = []
    room = 0.0
    for swatch in swatches:
        room -= swatch_width(swatch)
        if room < 0:
            lines.append([])
            room = width - swatch_width(swatch)
        lines[-1].append(swatch)
    return lines
