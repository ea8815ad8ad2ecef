"""What a head does with its weights: weight × ‖v W_O‖, and its part of what the module writes.

A weight says where a query reads; what is read there may be next to nothing. Values come from
before the norm, so their lengths differ widely.
Source: Kobayashi et al. 2020, Attention is Not Only a Weight.
"""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.cells import Cells
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.recording import HeadMap


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadWrites:
    """How long what each head writes is beside what the module returns, mean over queries.

    lengths: 'h', ‖head's write‖ / ‖the module's output‖: heads may work against each other, so
    these do not sum to 1 and one may be above it. spreads: standard deviations over the queries.
    queries: over how many. head: which of them is looked at.
    """

    lengths: np.ndarray
    spreads: np.ndarray
    queries: int
    head: int

    @property
    def length(self) -> float:
        """Of the head that is looked at."""
        return float(self.lengths[self.head])

    @property
    def rank(self) -> int:
        """1 where no recorded head of the module writes more."""
        return 1 + int((self.lengths > self.length).sum())


def writes_of(head: HeadMap) -> HeadWrites | None:
    """How much a head writes beside the whole; None where it was not recorded.

    Queries at which the module returned nothing do not count.
    """
    written = head.record.written
    if written is None:
        return None
    whole = written.whole[head.item].astype(np.float64)
    counts = np.isfinite(whole) & (whole > 0)
    ratios = written.heads[head.item][:, counts] / whole[counts]
    if not counts.any():
        return None
    return HeadWrites(
        lengths=ratios.mean(axis=1),
        spreads=ratios.std(axis=1),
        queries=int(counts.sum()),
        head=head.head,
    )


@incremental
def weight_map(
    head: HeadMap, most: int, *, written: bool = False
) -> Incremental[np.ndarray | None]:
    """The weights as a map of at most `most` × `most` values, float32; see `Cells`.

    written: times ‖v W_O‖, which says how much is written from there; None where values were not
    recorded. NaN where hidden.
    """
    norms = head.value_norms if written else np.ones(1, np.float32)
    if norms is None:
        return None
    cells, runs = Cells.of(head, most), []
    for share, queries in cells.runs():
        hidden = ~head.visible(queries) if head.record.is_masked else None
        runs.append(cells.pooled(head.rows(queries) * norms, hidden))
        yield share
    return np.concatenate(runs)
