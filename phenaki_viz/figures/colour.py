"""Colours that mean something: one palette for weights, one for signed numbers, one for masked."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from phenaki_viz.figures.palettes import table

Palette = Literal["magma", "cividis", "viridis", "RdBu_r"]

# Query and key keep their colour on every page; both stand out on every cell of magma.
QUERY_COLOUR = "#19c3e6"
KEY_COLOUR = "#7cdb2f"
MASKED_COLOUR = "#8b95a5"  # "may not look": never the colour of zero
LEFT_OUT_COLOUR = "#243f48"  # outside the top mass, or taken away as a sink: not on magma
WRONG_COLOUR = "#d62f6b"  # a row that is not a distribution: named, not drawn


@dataclass(frozen=True, kw_only=True)
class ColourScale:
    """From raw numbers to colours; `describe()` is what the legend says.

    low, high: raw values at the ends. log: colours follow log10 (low must be > 0 then).
    scope: what the ends were taken from, in words ("this head", "all heads and layers").
    """

    low: float
    high: float
    log: bool = False
    palette: Palette = "magma"
    scope: str = "this head"

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Values moved onto 0..1, clipped; same shape, float32. NaN stays NaN."""
        low, high = float(self.low), float(self.high)
        if self.log:
            values = np.log10(np.maximum(values, low))
            low, high = np.log10(low), np.log10(high)
        span = (high - low) or 1.0
        return np.clip((np.asarray(values, np.float32) - low) / span, 0, 1)

    def describe(self) -> str:
        """The legend's sentence: ends, law and scope."""
        law = "logarithmic" if self.log else "linear"
        return f"colour {law} from {self.low:.3g} to {self.high:.3g}, ends from {self.scope}"


def largest(values: np.ndarray) -> float:
    """The largest value that is a number, where a scale may end; 0 when there is none above it."""
    return float(np.where(np.isfinite(values), values, 0).max(initial=0))


@cache
def lut(palette: Palette) -> np.ndarray:
    """The palette as '256 3' uint8: the one table that browser, plotly and print share."""
    found = np.frombuffer(table(palette), np.uint8).reshape(256, 3)
    found.flags.writeable = False
    return found
