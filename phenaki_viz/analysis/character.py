"""What kind of head it is, by a stated rule: spatial, temporal or global; which words it reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from phenaki_viz.analysis import heads
from phenaki_viz.analysis.regions import Mass, sound_rows, visible
from phenaki_viz.recording import AttentionRecord

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
    """How a head spreads its weight, mean over queries.

    entropy: bits. share: of log2(visible keys), 0 to 1. equal_keys: 2 ** entropy, how many equal
    keys would be as spread; of: visible keys. queries: over how many.
    """

    entropy: float
    share: float
    equal_keys: float
    of: float
    queries: int


def spread(
    record: AttentionRecord, item: int, head: int, queries: Sequence[int] | None = None
) -> Spread | None:
    """How the weight is spread; None where no row is a distribution.

    Source: Clark et al. 2019, What Does BERT Look At?, section 3.3.
    """
    rows = sound_rows(record, item, head, queries)
    if not len(rows):
        return None
    bits = heads.entropy(record.map.rows(item, head, rows.tolist()))
    keys = record.visible_keys(item)[rows].astype(np.float64)
    most = np.log2(keys)
    share = np.divide(bits, most, out=np.ones_like(bits), where=most > 0)
    return Spread(
        entropy=float(bits.mean()),
        share=float(share.mean()),
        equal_keys=float(2 ** bits.mean()),
        of=float(keys.mean()),
        queries=len(rows),
    )


def sort_of(record: AttentionRecord, regions: dict[str, Mass], spread: Spread) -> Sort | None:
    """Which kind of head it is, by `RULE`; None where its map runs over space or time alone.

    regions: of `region_masses`.
    """
    steps, rows, columns = record.places.token_grid
    if record.kind == "cross" or steps == 1 or rows * columns == 1:
        return None
    if spread.share >= EVEN:
        return "even"
    if _chosen(regions.get("own step")):
        return "spatial"
    return "temporal" if _chosen(regions.get("own place")) else "global"


def key_masses(
    record: AttentionRecord, item: int, head: int, queries: Sequence[int] | None = None
) -> list[Mass]:
    """Mean weight on every key, the null keys first; for the few keys of cross-attention.

    uniform: what queries that do not choose would put there. Empty where no row is sound.
    """
    rows = sound_rows(record, item, head, queries)
    if not len(rows):
        return []
    mean = record.map.rows(item, head, rows.tolist()).mean(axis=0, dtype=np.float64)
    seen = visible(record, item, rows)
    even = (seen / seen.sum(axis=1, keepdims=True)).mean(axis=0)
    return [
        Mass(mass=float(mass), uniform=float(uniform), queries=len(rows))
        for mass, uniform in zip(mean, even, strict=True)
    ]


def _chosen(region: Mass | None) -> bool:
    return region is not None and region.mass >= CHOSEN and region.ratio >= TIMES
