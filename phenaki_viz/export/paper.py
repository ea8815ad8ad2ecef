"""The printed sheet: one column wide, title above, notes below, everything measured before drawn.

Only matplotlib's objects are used, never pyplot: no global figure, nothing to close, no display.
Lengths are inches unless said otherwise.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from phenaki_viz.export.paper_text import (
    FAINT,
    INK,
    NOTE,
    TICK,
    TITLE,
    broken,
    height_of,
    printable,
    unwritten,
    width_of,
)
from phenaki_viz.export.provenance import PNG_KEY, provenance_json
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.words import plain

WIDTH, EDGE = 5.0, 0.14
FINEST, COARSEST = 300, 1200  # dots per inch of PNG
SHARP = 1000  # dots a map has at least in SVG and PDF, so that viewers that blur cannot blur cells


@dataclass(frozen=True, kw_only=True)
class Box:
    """A place on the sheet. left and top from the sheet's left upper corner."""

    left: float
    top: float
    width: float
    height: float


def dots_for(cells: int, width: float) -> float:
    """Dots per inch at which each of `cells` over `width` has a whole number of dots."""
    return max(1, math.ceil(FINEST * width / max(cells, 1))) * max(cells, 1) / width


@dataclass(frozen=True)
class Body:
    """What a picture asks of its sheet. height: between title and notes. dots: per inch."""

    height: float
    dots: float = FINEST


class Sheet:
    """A figure with title and notes in place; `body` is what lies between them, from `top` on."""

    def __init__(self, picture: Picture, body: Body) -> None:
        self.body = body
        across = WIDTH - 2 * EDGE
        title = broken(picture.title, TITLE, across, "bold")
        texts = (*picture.notes, *unwritten())
        notes = [line for note in texts for line in broken(note, NOTE, across)]
        self.top = EDGE + height_of(len(title), TITLE) + (0.07 if title else 0)
        below = height_of(len(notes), NOTE) + (0.06 if notes else 0)
        self.dots = min(body.dots, COARSEST)
        self.height = self._whole(self.top + body.height + below + EDGE)
        self.width = self._whole(WIDTH)
        self.figure = Figure(figsize=(self.width, self.height), dpi=self.dots, facecolor="white")
        self._lines(title, EDGE, TITLE, color=INK, weight="bold")
        self._lines(notes, self.top + body.height + 0.06, NOTE, color=FAINT)

    def _whole(self, length: float) -> float:
        return round(length * self.dots) / self.dots

    def _lines(self, lines: Sequence[str], top: float, size: float, **look: Any) -> None:
        for at, line in enumerate(lines):
            self.text(line, WIDTH / 2, top + height_of(at, size), size, ha="center", **look)

    def text(self, text: str, left: float, top: float, size: float = TICK, **look: Any) -> None:
        """One line of text, its top at `top`."""
        where = {"ha": "left", "va": "top", "color": FAINT} | look
        words = printable(text)
        self.figure.text(left / self.width, 1 - top / self.height, words, size=size, **where)

    def axes(self, box: Box, **kind: Any) -> Axes:
        """Axes at a place, moved onto whole dots so that cells have sharp edges."""
        left, top, wide, high = map(self._whole, (box.left, box.top, box.width, box.height))
        place = (
            left / self.width,
            1 - (top + high) / self.height,
            wide / self.width,
            high / self.height,
        )
        return self.figure.add_axes(place, **kind)

    def square(self, left: float, top: float, side: float, **look: Any) -> None:
        """A small filled square of the legend."""
        self.figure.add_artist(
            Rectangle(
                (left / self.width, 1 - (top + side) / self.height),
                side / self.width,
                side / self.height,
                linewidth=0.8,
                **look,
            )
        )

    def png(self, picture: Picture) -> bytes:
        """The sheet as PNG."""
        record = {
            PNG_KEY: provenance_json(picture),
            "Title": plain(picture.title),
            "Software": None,
        }
        return self._saved("png", record)

    def svg(self, picture: Picture) -> bytes:
        """The sheet as SVG; letters are outlines, so it looks the same without the font."""
        record = {"Title": plain(picture.title), "Description": provenance_json(picture)}
        return self._saved("svg", record | {"Date": None, "Creator": "phenaki_viz"})

    def pdf(self, picture: Picture) -> bytes:
        """The sheet as PDF."""
        record = {"Title": plain(picture.title), "Keywords": provenance_json(picture)}
        dates = {"CreationDate": None, "Creator": "phenaki_viz", "Producer": None}
        return self._saved("pdf", record | dates)

    def _saved(self, kind: str, record: dict[str, Any]) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format=kind, dpi=self.dots, metadata=record)
        return buffer.getvalue()


def show_cells(axes: Axes, colours: np.ndarray, *, vector: bool) -> None:
    """Fill axes with an image, one cell a pixel of `colours`, 'y x c' uint8; rows downwards."""
    y, x = colours.shape[:2]
    if vector:
        colours = sharpened(colours)
    axes.imshow(
        colours,
        extent=(-0.5, x - 0.5, y - 0.5, -0.5),
        interpolation="none",
        aspect="auto",
        origin="upper",
    )
    axes.tick_params(length=0, pad=2.5)


def sharpened(colours: np.ndarray) -> np.ndarray:
    """An image with each cell a block of pixels: viewers that smooth blur only its rim."""
    down, across = (max(1, math.ceil(SHARP / max(size, 1))) for size in colours.shape[:2])
    return colours.repeat(min(down, SHARP), axis=0).repeat(min(across, SHARP), axis=1)


def slanted(places: Sequence[float], labels: Sequence[str], inches: float) -> bool:
    """Whether tick labels side by side would touch. inches: from one whole place to the next."""
    widths = [width_of(label, TICK) for label in labels]
    return any(
        (places[at + 1] - places[at]) * inches < (widths[at] + widths[at + 1]) / 2 + 0.04
        for at in range(len(labels) - 1)
    )


def tick_height(labels: Sequence[str], *, slant: bool) -> float:
    """Room under the axes for tick labels, upright (90°) when slanted."""
    widest = max((width_of(label, TICK) for label in labels), default=0)
    return (widest + 0.05) if slant else height_of(1, TICK) + 0.03


def set_ticks(
    axes: Axes,
    across: tuple[list[float], list[str]],
    down: tuple[list[float], list[str]],
    *,
    slant: bool,
) -> None:
    """Ticks and labels of both axes."""
    axes.set_xticks(across[0], [printable(label) for label in across[1]])
    axes.set_yticks(down[0], [printable(label) for label in down[1]])
    if slant:
        axes.tick_params(axis="x", rotation=90)


def frame(axes: Axes, colour: str = FAINT, width: float = 0.6) -> None:
    """A thin line around axes."""
    for spine in axes.spines.values():
        spine.set(color=colour, linewidth=width)
