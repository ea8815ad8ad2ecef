"""What kind of head it is, by a stated rule: spatial, temporal or global; which words it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from phenaki_viz.analysis import heads
from phenaki_viz.analysis.regions import Mass, sound_rows
from phenaki_viz.recording import AttentionRecord, HeadMap

Sort = Literal["spatial", "temporal", "global", "even"]
CHOSEN = 0.5  # of the weight on a region, at least,
TIMES = 1.5  # and so many times what uniform attention would put there: the head chose it
EVEN = 0.97  # entropy as a share of log2(visible keys): the head hardly chooses
RULE = (
    f"spatial: at least {CHOSEN:.0%} of the weight, and {TIMES:g} × uniform, in the query's own "
    f"time step; temporal: as much on its own place (one patch around) in other time steps; even: "
    f"an entropy of {EVEN:.0%} or more of the highest; global: everything else"
)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How a head spreads its weight, summed over queries: sums of several merge.

    bits: entropy. shares: entropy as a share of log2(visible keys). keys: visible ones.
    """

    bits: float
    shares: float
    keys: float
    queries: int

    def merge(self, other: "Spread") -> "Spread":
        """The spread of the queries of both."""
        return Spread(
            bits=self.bits + other.bits,
            shares=self.shares + other.shares,
            keys=self.keys + other.keys,
            queries=self.queries + other.queries,
        )

    @property
    def entropy(self) -> float:
        """Bits, mean over the queries."""
        return self.bits / self.queries

    @property
    def share(self) -> float:
        """Entropy as a share of log2(visible keys), 0 to 1: mean over the queries."""
        return self.shares / self.queries

    @property
    def equal_keys(self) -> float:
        """How many equal keys would be as spread: 2 ** entropy."""
        return float(2**self.entropy)

    @property
    def of(self) -> float:
        """Visible keys, mean over the queries."""
        return self.keys / self.queries


def spread(head: HeadMap, queries: Sequence[int] | None = None) -> Spread | None:
    """How the weight is spread; None where no row is a distribution.

    Source: Clark et al. 2019, What Does BERT Look At?, section 3.3.
    """
    rows = sound_rows(head, queries)
    if not len(rows):
        return None
    bits = heads.entropy(head.rows(rows.tolist()))
    keys = head.visible_keys[rows].astype(np.float64)
    return Spread(
        bits=float(bits.sum()),
        shares=float(heads.entropy_share(bits, keys).sum()),
        keys=float(keys.sum()),
        queries=len(rows),
    )


def sort_of(
    record: AttentionRecord, regions: dict[str, Mass], spread: Spread, off: Mass | None = None
) -> Sort | None:
    """Which kind of head it is, by `RULE`; None where its map runs over space or time alone.

    None, too, of a head that chose keys that are no patch. regions: of `region_masses`. off: of
    `off_video`.
    """
    axis = record.query_axis(0)
    steps, rows, columns = (len(np.unique(along)) for along in axis.places[axis.is_patch].T)
    if record.is_cross or steps <= 1 or rows * columns <= 1 or was_chosen(off):
        return None
    return sort_by(regions, spread)


def sort_by(regions: Mapping[str, Mass], spread: Spread) -> Sort:
    """Which kind of head it is, by `RULE`, of a map that runs over space and time."""
    if spread.share >= EVEN:
        return "even"
    if was_chosen(regions.get("own step")):
        return "spatial"
    return "temporal" if was_chosen(regions.get("own place")) else "global"


def key_masses(head: HeadMap, queries: Sequence[int] | None = None) -> list[Mass]:
    """Weight on every key, the null keys first; for the few keys of cross-attention.

    Beside it what queries that do not choose would put there. Empty where no row is sound.
    """
    rows = sound_rows(head, queries)
    if not len(rows):
        return []
    weights = head.rows(rows.tolist()).sum(axis=0, dtype=np.float64)
    seen = head.visible(rows)
    even = (seen / seen.sum(axis=1, keepdims=True)).sum(axis=0)
    return [
        Mass(weight=float(weight), even=float(uniform), queries=len(rows))
        for weight, uniform in zip(weights, even, strict=True)
    ]


def was_chosen(region: Mass | None) -> bool:
    """Whether a head chose a region: by `CHOSEN` and `TIMES`."""
    return region is not None and region.mass >= CHOSEN and region.ratio >= TIMES
