"""Attention sinks: keys that nearly every query reads, whatever it asks."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import row_runs
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
    i, j = head.shape
    weight, even, seen_by, good = np.zeros(j), np.zeros(j), np.zeros(j), 0
    uniform = head.uniform.astype(np.float64)
    for run in row_runs(head):
        rows = np.setdiff1d(np.arange(run.first, run.end), head.wrong_rows((run.first, run.end)))
        if not rows.size:
            continue
        seen = ~head.hidden((run.first, run.end), (0, j))[rows - run.first]
        weight += np.where(seen, run.attn[rows - run.first], 0).sum(axis=0, dtype=np.float64)
        even += np.where(seen, uniform[rows, None], 0).sum(axis=0)
        seen_by += seen.sum(axis=0)
        good += len(rows)
        yield run.end / i
    return Sinks(weight=weight, even=even, seen_by=seen_by, queries=good)


def _over(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
