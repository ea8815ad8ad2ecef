"""Printed text: one set of rules on every machine, measured before it is drawn.

Widths and heights are inches, sizes of letters points.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache

import matplotlib as mpl
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from phenaki_viz.export.paper_fonts import Lettering, clusters
from phenaki_viz.figures.words import TIE, tied
from phenaki_viz.forked import in_forked_children

INK, FAINT = "#1b2230", "#5b6472"
TITLE, LABEL, TICK, NOTE = 9.5, 8.0, 7.0, 6.5  # points
LEADING = 1.32
TIED = 26  # letters of a part of a title that is not broken
# One set of rules for every machine: DejaVu comes with matplotlib and is tried first for every
# letter, see `paper_fonts`; letters in SVG are outlines.
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
_lock = threading.RLock()


_lettering = Lettering()


@contextmanager
def rules(texts: Iterable[str] = ()) -> Iterator[Lettering]:
    """The library's own defaults with our rules, one thread at a time; its settings are global.

    texts: all that is going to be written, by which fonts are chosen.
    """
    global _lettering
    with _lock, mpl.rc_context():
        mpl.rcParams.update({name: mpl.rcParamsDefault[name] for name in _neutral()} | RULES)
        before, _lettering = _lettering, Lettering(texts)
        mpl.rcParams["font.family"] = list(_lettering.families)
        try:
            yield _lettering
        finally:
            _lettering = before


@in_forked_children
def _renew() -> None:
    global _lock
    _lock = threading.RLock()


def unwritten() -> tuple[str, ...]:
    """Notes on the words of the picture at hand that no font here can write."""
    return _lettering.notes


@cache
def _neutral() -> tuple[str, ...]:
    """Settings that a user's matplotlibrc could have changed and that change a picture."""
    ours = ("axes.", "figure.", "font.", "hatch.", "image.", "legend.", "lines.", "mathtext.")
    more = ("patch.", "path.", "pdf.", "savefig.", "svg.", "text.", "xtick.", "ytick.", "grid.")
    return tuple(name for name in mpl.rcParamsDefault if name.startswith(ours + more))


def printable(text: str) -> str:
    """One line in which what no font can write is a numbered stand-in: see `Lettering`."""
    return _lettering.printable(text)


def width_of(text: str, size: float, weight: str = "normal") -> float:
    """Width of one line of text as it is printed."""
    return _width(printable(text), size, weight, _lettering.families)


@lru_cache(4096)
def _width(text: str, size: float, weight: str, families: tuple[str, ...]) -> float:
    font = FontProperties(family=list(families), size=size, weight=weight)
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
        letters = clusters(word)
        most = max(1, int(len(letters) * width / max(width_of(word, size, weight), 1e-6)))
        step = max(1, len(letters) if most >= len(letters) else most - 1)
        for at in range(0, len(letters), step):
            yield "".join(letters[at : at + step])
