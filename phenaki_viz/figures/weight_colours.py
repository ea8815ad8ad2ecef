"""How weights become colours: where a scale ends, what it measures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.multiples import thumbnail_multiples
from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.analysis.weight_range import WeightRange, drawn_ranges, weight_range
from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.colour import BY_HAND, LAWS, ColourScale, Law, Palette
from phenaki_viz.recording import (
    AttentionRecord,
    HeadMap,
)

UNIT, MULTIPLE = "attention weight", "multiple of uniform"
LOG_DECADES = 4
LEAST_MULTIPLE = 1.5  # of uniform: a head that hardly chooses is not made to look as if it did


def scale_for(
    high: float,
    *,
    scope: str,
    law: Law = "linear",
    most: float | None = None,
    low: float = 0.0,
    palette: Palette = "magma",
) -> ColourScale:
    """Colours from 0 to `high`; logarithmic ones over the last four decades below it, multiples of
    uniform from as far below 1 as `high` is above it.

    They end at 1 where `high` is 0 or not finite. most: the largest weight there is, if colours
    end before it.
    """
    high = float(high) if math.isfinite(high) and high else 1.0
    if law == "log":
        low = high / 10**LOG_DECADES
    if law == "uniform":
        high = max(high, LEAST_MULTIPLE)
        low = 1 / high
    return ColourScale(low=low, high=high, law=law, scope=scope, most=most, palette=palette)


@dataclass(frozen=True)
class Colours:
    """How weights become colours. law: what colours follow. whole: colours end at the largest
    weight, and not at the 99.5th percentile of what is shown. palette: their table. ends: lowest
    and highest, for every picture alike; None for those of what is shown. set_by: what set them.
    Raises ConfigError for a law that there is not.
    """

    law: Law = "linear"
    whole: bool = False
    palette: Palette = "magma"
    ends: tuple[float, float] | None = None
    set_by: str = BY_HAND

    def __post_init__(self) -> None:
        if self.law not in LAWS:
            raise ConfigError(f"no colours {self.law!r:.40}: use one of {', '.join(LAWS)}")

    def over(self, top: float, most: float, scope: str) -> ColourScale:
        """The scale of numbers whose 99.5th percentile is `top` and whose largest is `most`."""
        if self.ends is not None:
            return self._by_hand(*self.ends, most)
        end = most if self.whole or top <= 0 else top
        return scale_for(end, law=self.law, scope=scope, most=most, palette=self.palette)

    def _by_hand(self, low: float, high: float, most: float) -> ColourScale:
        if self.law in ("log", "uniform") and low <= 0:
            low = high / 10**LOG_DECADES
        return ColourScale(
            low=low, high=max(high, low), law=self.law, palette=self.palette,
            scope=self.set_by, most=most,
        )  # fmt: skip

    def of_each(
        self, *shown: np.ndarray, scope: str = "this head"
    ) -> tuple[tuple[ColourScale, ...], ...]:
        """A scale of every head by itself, 'l h', over all of what is shown of it.

        shown: thumbnails 'l h y x' of the same heads, such as those of several training steps.
        """
        every = shown[0] if len(shown) == 1 else np.concatenate(shown, axis=2)
        return tuple(tuple(self.over(*ends, scope) for ends in drawn_ranges(row)) for row in every)

    @property
    def unit(self) -> str:
        """What the colours are of: a weight, or its multiple of uniform."""
        return MULTIPLE if self.law == "uniform" else UNIT

    def of_maps(self, maps: Sequence[HeadMap], scope: str) -> ColourScale:
        """The scale of what this law measures of a head's map, or of several together."""
        return self.of(weight_range(maps, of_uniform=self.law == "uniform"), scope)

    def thumbnails(
        self, shown: Thumbnails, records: Sequence[AttentionRecord], items: Sequence[int]
    ) -> Thumbnails:
        """Thumbnails as this law measures them; items: the batch item of each layer."""
        return thumbnail_multiples(shown, records, items) if self.law == "uniform" else shown

    def of(self, weights: WeightRange, scope: str) -> ColourScale:
        """The scale of the weights of a head or of several."""
        said = f"{scope} ({weights.sampled})" if weights.sampled else scope
        return self.over(weights.top, weights.most, said)
