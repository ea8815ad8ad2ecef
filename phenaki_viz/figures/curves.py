"""Lines, steps, dots and bars, told apart by more than colour."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import WRONG_COLOUR
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.shapes import expect_count, expect_shape
from phenaki_viz.figures.theme import Swatch, Theme
from phenaki_viz.figures.words import shortened

Kind = Literal["line", "bar", "step", "dot"]

# Okabe and Ito 2008, Color Universal Design, without yellow, which is lost on white.
COLOURS: dict[Theme, tuple[str, ...]] = {
    "light": ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6b7280"),
    "dark": ("#4fa3e0", "#f07d2e", "#1fbf92", "#dc93ba", "#8fd0f7", "#f0b429", "#b6bcc6"),
}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "star")
PATTERNS = ("", "/", "x", "-", ".", "+", "\\", "|")
MOST_MARKED = 40  # points of a curve that still have a marker each
MOST_NAMED = 16  # curves that still have a legend entry each
MOST_LABELS = 40
NARROW = 290  # pixels of plot that a figure 380 pixels wide has


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """One curve. x, y: 'n'. hover: one line of words for each point, or none.

    spread: 'n', half the width of the interval of y around each point, drawn as a whisker; NaN
    where it is not known; None for a curve without intervals. Raises ShapeError.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    highlighted: bool = False
    hover: tuple[str, ...] = ()
    spread: np.ndarray | None = None

    def __post_init__(self) -> None:
        expect_shape(f"Curve.x of {self.name!r}", self.x, {"n": np.size(self.x)})
        expect_shape(f"Curve.y of {self.name!r}", self.y, {"n": len(self.x)})
        if self.spread is not None:
            expect_shape(f"Curve.spread of {self.name!r}", self.spread, {"n": len(self.x)})
        if self.hover:
            expect_count(f"Curve.hover of {self.name!r}", self.hover, len(self.x), "points")


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves(Picture):
    """Curves over one x axis.

    x_labels: names of the places 0, 1, … on it, when they are no numbers. whole_y: they are
    counts, and so are their ticks, from 0.
    Raises ShapeError when a point lies beyond the labels.
    """

    curves: tuple[Curve, ...]
    x_title: str
    y_title: str
    kind: Kind = "line"
    log_y: bool = False
    whole_y: bool = False
    x_labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        beyond = [c.name for c in self.curves if len(c.x) and self._last(c) >= len(self.x_labels)]
        if self.x_labels and beyond:
            raise ShapeError(
                f"Curves.x_labels names places 0 to {len(self.x_labels) - 1}, "
                f"but {beyond[0]!r} goes on"
            )

    @staticmethod
    def _last(curve: Curve) -> float:
        return float(np.max(curve.x))

    @property
    def any_highlighted(self) -> bool:
        """Whether one of the curves is to stand out."""
        return any(curve.highlighted for curve in self.curves)

    @property
    def side_by_side(self) -> int:
        """How many bars a place of the x axis needs room for: 1 where no two share a place."""
        places = [place for curve in self.curves for place in curve.x.tolist()]
        return len(self.curves) if len(set(places)) < len(places) else 1

    def named(self, curve: Curve) -> bool:
        """Whether the legend names this curve: all of a few, of many only what stands out."""
        return len(self.curves) <= MOST_NAMED or curve.highlighted


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """How one curve is drawn; colour, dash and marker together are never those of another."""

    colour: str
    dash: str
    marker: str
    pattern: str
    width: float


def stroke(picture: Curves, at: int, theme: Theme) -> Stroke:
    """The look of the curve at this place: colours repeat after 7, dashes after 6."""
    width = 1.5
    if picture.any_highlighted:
        width = 4.0 if picture.curves[at].highlighted else 1.2
    return Stroke(
        colour=COLOURS[theme][at % len(COLOURS[theme])],
        dash=DASHES[at % len(DASHES)],
        marker=MARKERS[at % len(MARKERS)],
        pattern=PATTERNS[at % len(PATTERNS)],
        width=width,
    )


def label_ticks(labels: tuple[str, ...]) -> tuple[list[int], list[str]]:
    """Places and short names of the labels that have room."""
    every = -(-len(labels) // MOST_LABELS) if labels else 1
    places = list(range(0, len(labels), every))
    short = shortened(labels)
    return places, [short[at] for at in places]


def marker_size(picture: Curves, look: Stroke) -> float:
    """Pixels: larger where there are dots alone, and for what stands out."""
    large, small = (13, 9) if picture.kind == "dot" else (9, 6)
    return large if look.width > 2 else small


def gap_swatches(picture: Curves) -> tuple[Swatch, ...]:
    """Says how many points are missing because they are no finite number."""
    missing = sum(int((~np.isfinite(np.asarray(c.y, float))).sum()) for c in picture.curves)
    if not missing:
        return ()
    return (Swatch(colour=WRONG_COLOUR, label=f"{missing} points are no number: gaps"),)
