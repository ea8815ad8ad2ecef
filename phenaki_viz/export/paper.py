"""The printed sheet: one column wide, title above, notes below, everything measured before drawn.

Only matplotlib's objects are used, never pyplot: no global figure, nothing to close, no display.
Lengths are inches unless said otherwise.
"""

import io
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from phenaki_viz.export.made_by import PNG_KEY, made_by_json
from phenaki_viz.figures.colour import ColourScale, lut
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.theme import Swatch
from phenaki_viz.figures.ticks import colour_ticks
from phenaki_viz.figures.words import TIE, plain, tied

WIDTH, EDGE = 5.0, 0.14
BAR, BAR_GAP = 0.11, 0.12
FINEST, COARSEST = 300, 1200  # dots per inch of PNG
SHARP = 1000  # dots a map has at least in SVG and PDF, so that viewers that blur cannot blur cells
INK, FAINT = "#1b2230", "#5b6472"
TITLE, LABEL, TICK, NOTE = 9.5, 8.0, 7.0, 6.5  # points
LEADING = 1.32
TIED = 26  # letters of a part of a title that is not broken

# One set of rules for every machine: DejaVu comes with matplotlib, letters in SVG are outlines.
RULES = {
    "font.family": ["DejaVu Sans"],
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "phenaki_viz",
    "pdf.fonttype": 42,
    "axes.linewidth": 0.6,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.labelsize": LABEL,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelsize": TICK,
    "ytick.labelsize": TICK,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.6,
}
_LOCK = threading.RLock()


@contextmanager
def rules() -> Iterator[None]:
    """The library's own defaults with our rules, one thread at a time; its settings are global."""
    with _LOCK, mpl.rc_context():
        mpl.rcParams.update({name: mpl.rcParamsDefault[name] for name in _neutral()} | RULES)
        yield


@cache
def _neutral() -> tuple[str, ...]:
    """Settings that a user's matplotlibrc could have changed and that change a picture."""
    ours = ("axes.", "figure.", "font.", "hatch.", "image.", "legend.", "lines.", "mathtext.")
    more = ("patch.", "path.", "pdf.", "savefig.", "svg.", "text.", "xtick.", "ytick.", "grid.")
    return tuple(name for name in mpl.rcParamsDefault if name.startswith(ours + more))


@cache
def _letters() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def printable(text: str) -> str:
    """One line in which a letter that the font lacks is '□'."""
    return "".join(letter if ord(letter) in _letters() else "□" for letter in plain(text))


@lru_cache(4096)
def width_of(text: str, size: float, weight: str = "normal") -> float:
    """Width of one line of text."""
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def height_of(lines: int, size: float) -> float:
    """Height of lines of text."""
    return lines * size * LEADING / 72


def broken(text: str, size: float, width: float, weight: str = "normal") -> list[str]:
    """Text in lines no wider than `width` and about equally long; longer words are cut."""
    words = printable(tied(text, TIED)).split(" ")
    pieces = list(_pieces(words, size, width, weight))
    lines = _filled(pieces, size, width, weight)
    for narrower in np.linspace(width / max(len(lines), 1), width, 12)[:-1]:
        if len(even := _filled(pieces, size, float(narrower), weight)) == len(lines):
            lines = even
            break
    return [line.replace(TIE, " ") for line in lines]


def _filled(words: Sequence[str], size: float, width: float, weight: str) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, weight) <= width:
            lines[-1] = longer
        elif word:
            lines.append(word)
    return lines


def _pieces(words: Sequence[str], size: float, width: float, weight: str) -> Iterator[str]:
    for word in words:
        most = max(1, int(len(word) * width / max(width_of(word, size, weight), 1e-6)))
        step = len(word) if most >= len(word) else max(1, most - 1)
        for at in range(0, len(word), step):
            yield word[at : at + step]


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
    """A figure with title and notes in place; `body` is what lies between them."""

    def __init__(self, picture: Picture, body: Body) -> None:
        across = WIDTH - 2 * EDGE
        title = broken(picture.title, TITLE, across, "bold")
        notes = [line for note in picture.notes for line in broken(note, NOTE, across)]
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
        self.figure.text(left / self.width, 1 - top / self.height, text, size=size, **where)

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
        record = {PNG_KEY: made_by_json(picture), "Title": plain(picture.title), "Software": None}
        return self._saved("png", record)

    def svg(self, picture: Picture) -> bytes:
        """The sheet as SVG; letters are outlines, so it looks the same without the font."""
        record = {"Title": plain(picture.title), "Description": made_by_json(picture)}
        return self._saved("svg", record | {"Date": None, "Creator": "phenaki_viz"})

    def pdf(self, picture: Picture) -> bytes:
        """The sheet as PDF."""
        record = {"Title": plain(picture.title), "Keywords": made_by_json(picture)}
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
    """The same image with each cell a block of pixels: viewers that smooth blur only its rim."""
    down, across = (max(1, math.ceil(SHARP / max(size, 1))) for size in colours.shape[:2])
    return colours.repeat(min(down, SHARP), axis=0).repeat(min(across, SHARP), axis=1)


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


SQUARE = 0.08
SWATCH_LINE = NOTE * LEADING / 72 + 0.02


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
