"""Attention sinks: keys that nearly every query reads, whatever it asks."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import Rows, row_runs
from phenaki_viz.recording import HeadMap

SHARE = 0.3
LEAST, MOST = 3, 10  # multiples of uniform
SEEN_BY = 0.5
DEFINITION = (
    f"a key that at least {SEEN_BY:.0%} of the queries may see, and whose mean weight over them "
    f"is above {SHARE}, this threshold taken as at least {LEAST} × and at most {MOST} × uniform "
    "(mean weight of a column: Gu et al. 2024, When Attention Sink Emerges in Language Models, "
    "section 3)"
)


@dataclass(frozen=True, kw_only=True)
class Sinks:
    """What every key got, each 'j' float64, summed over queries: sums of several maps merge.

    weight: what the queries that may see the key put there. even: what they would if they did not
    choose. seen_by: how many they are. queries: how many rows were read.
    """

    weight: np.ndarray
    even: np.ndarray
    seen_by: np.ndarray
    queries: int

    def merge(self, other: "Sinks") -> "Sinks":
        """Of the queries of both maps, whose keys are the same."""
        return Sinks(
            weight=self.weight + other.weight,
            even=self.even + other.even,
            seen_by=self.seen_by + other.seen_by,
            queries=self.queries + other.queries,
        )

    @property
    def score(self) -> np.ndarray:
        """Mean weight over the queries that may see the key; NaN where none does."""
        return _over(self.weight, self.seen_by)

    @property
    def threshold(self) -> np.ndarray:
        """What the score is held against; NaN where no query sees the key."""
        uniform = _over(self.even, self.seen_by)
        return np.clip(SHARE, LEAST * uniform, MOST * uniform)

    @property
    def keys(self) -> tuple[int, ...]:
        """Columns that are sinks by `DEFINITION`, null keys counted."""
        with np.errstate(invalid="ignore"):
            found = (self.score > self.threshold) & (self.seen_by >= SEEN_BY * self.queries)
        return tuple(int(key) for key in np.flatnonzero(found))


@incremental
def sink_keys(head: HeadMap) -> Incremental[Sinks]:
    """The sinks of one head, read in runs of rows. Rows that are no distribution do not count."""
    sums = SinkSums(head)
    for run in row_runs(head):
        sums.see(run)
        yield run.end / head.shape[0]
    return sums.found


class SinkSums:
    """What every key got of the rows that were seen."""

    def __init__(self, head: HeadMap) -> None:
        self._head = head
        self._weight, self._even, self._seen_by = np.zeros((3, head.shape[1]))
        self._good = 0
        self._uniform = head.uniform.astype(np.float64)

    def see(self, run: Rows) -> None:
        """Add some rows; those that are no distribution do not count."""
        head, span = self._head, (run.first, run.end)
        rows = np.setdiff1d(np.arange(*span), head.wrong_rows(span))
        if not rows.size:
            return
        self._good += len(rows)
        attn = run.attn if len(rows) == len(run) else run.attn[rows - run.first]
        if not head.record.is_masked:  # every query sees every key
            self._weight += attn.sum(axis=0, dtype=np.float64)
            self._even += self._uniform[rows].sum()
            self._seen_by += len(rows)
            return
        seen = ~head.hidden(span, (0, head.shape[1]))[rows - run.first]
        self._weight += np.where(seen, attn, 0).sum(axis=0, dtype=np.float64)
        self._even += np.where(seen, self._uniform[rows, None], 0).sum(axis=0)
        self._seen_by += seen.sum(axis=0)

    @property
    def found(self) -> Sinks:
        """The sums."""
        return Sinks(
            weight=self._weight, even=self._even, seen_by=self._seen_by, queries=self._good
        )


def _over(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
