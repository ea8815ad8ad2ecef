"""Colours that mean something: one palette for weights, one for signed numbers, one for masked."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from phenaki_viz.figures.palettes import table
from phenaki_viz.figures.words import spoken

Palette = Literal["magma", "magma_r", "cividis", "viridis", "RdBu_r", "berlin"]
# Signed numbers: zero is white on a light page, black on a dark one, so that it recedes on both.
DIVERGING: dict[str, Palette] = {"light": "RdBu_r", "dark": "berlin"}
Law = Literal["linear", "sqrt", "log", "uniform"]
LAWS: dict[Law, str] = {
    "linear": "linear",
    "sqrt": "square root",
    "log": "logarithmic",
    "uniform": "by multiples of uniform, logarithmic",
}

BY_HAND = "set by hand"  # the scope of ends that somebody chose

# Query and key keep their colour on every page; both stand out on every cell of magma.
QUERY_COLOUR = "#19c3e6"
KEY_COLOUR = "#7cdb2f"
MASKED_COLOUR = "#8b95a5"  # "may not look": never the colour of zero
LEFT_OUT_COLOUR = "#243f48"  # outside the top mass, or taken away as a sink: not on magma
WRONG_COLOUR = "#d62f6b"  # a row that is not a distribution: named, not drawn


@dataclass(frozen=True, kw_only=True)
class ColourScale:
    """From raw numbers to colours; `describe()` is what the legend says.

    low, high: raw values at the ends. law: colours follow the values, their square roots above
    `low`, or log10 (low must be > 0 then); "uniform": log10 of the multiples of what a query that
    does not choose gives (see `measured`), of which low, high and most are then. most: the largest
    value there is; what lies between `high` and it has the last colour. scope: what the ends were
    taken from, in words ("this head", "all heads and layers"). names: of a scale of categories,
    what its values mean: it has swatches for a legend, no bar.
    """

    low: float
    high: float
    law: Law = "linear"
    palette: Palette = "magma"
    scope: str = "this head"
    most: float | None = None
    names: tuple[tuple[float, str], ...] = ()

    @property
    def swatches(self) -> tuple[tuple[str, str], ...]:
        """Colour ('#rrggbb') and name of each category; () where values are no categories."""
        colours = lut(self.palette)
        at = np.rint(255 * self.unit(np.array([value for value, _ in self.names]))).astype(int)
        return tuple(
            ("#" + colours[one].tobytes().hex(), name)
            for one, (_, name) in zip(at, self.names, strict=True)
        )

    @property
    def log(self) -> bool:
        """Whether colours follow the logarithm."""
        return self.law in ("log", "uniform")

    @property
    def ends(self) -> tuple[float, float]:
        """Raw values of the first and the last colour; apart even where low and high are equal."""
        low, high = float(self.low), float(self.high)
        if high > low:
            return low, high
        return (low, low * 10) if self.log else (low, low + 1)

    @property
    def unit_mark(self) -> str:
        """What stands behind its numbers in words."""
        return " ×" if self.law == "uniform" else ""

    def measured(self, weights: np.ndarray, uniform: Any) -> np.ndarray:
        """What colours follow: the weights, or their multiples of `uniform`, which broadcasts."""
        if self.law != "uniform" or uniform is None:
            return np.asarray(weights, np.float32)
        return np.asarray(weights, np.float32) / np.asarray(uniform, np.float32)

    @property
    def cut_off(self) -> bool:
        """Whether values above `high` exist, which all have its colour."""
        return self.most is not None and self.most > self.high

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Values moved onto 0..1, clipped; same shape, float32. NaN stays NaN."""
        low, high = float(self.low), float(self.high)
        if self.log:
            values = np.log10(np.maximum(values, low))
            low, high = np.log10(low), np.log10(high)
        span = (high - low) or 1.0
        unit = np.clip((np.asarray(values, np.float32) - low) / span, 0, 1)
        return np.sqrt(unit) if self.law == "sqrt" else unit

    def describe(self) -> str:
        """The legend's sentence: ends, law and scope."""
        if self.names:
            return ", ".join(f"{value:g} is {name}" for value, name in self.names)
        mark = self.unit_mark
        low, high, most = (spoken(end or 0, 3) for end in (self.low, self.high, self.most))
        above = f" and above (largest {most}{mark})" if self.cut_off else ""
        ends = f"from {low}{mark} to {high}{mark}{above}"
        return f"colour {LAWS[self.law]} {ends}, ends from {self.scope}"


def largest(values: np.ndarray) -> float:
    """The largest value that is a number, where a scale may end; 0 when there is none above it."""
    return float(np.where(np.isfinite(values), values, 0).max(initial=0))


@cache
def lut(palette: Palette) -> np.ndarray:
    """The palette as '256 3' uint8: the one table that browser, plotly and print share."""
    found = np.frombuffer(table(palette), np.uint8).reshape(256, 3)
    found.flags.writeable = False
    return found
