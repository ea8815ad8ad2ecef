"""Attention sinks: keys that nearly every query reads, whatever it asks."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import RowReader, Rows
from phenaki_viz.numerics.crew import side_by_side
from phenaki_viz.recording import HeadMap
from phenaki_viz.recording.maps import Span

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
        """Mean weight over the queries that may see the key: 'j', 0 to 1; NaN where none does."""
        return _over(self.weight, self.seen_by)

    @property
    def threshold(self) -> np.ndarray:
        """What the score of each key is held against: 'j'; NaN where no query sees the key."""
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
    reader, found = RowReader(head), no_sinks(head.shape[1])

    def sums(run: Span) -> Sinks:
        return sinks_of(rows := reader.read(run), rows.cell_sums(reader.cell))

    for run, more in zip(reader.runs, side_by_side(sums, reader.runs), strict=True):
        found = found.merge(more)
        yield run[1] / head.shape[0]
    return found


def no_sinks(keys: int) -> Sinks:
    """Of no queries."""
    return Sinks(weight=np.zeros(keys), even=np.zeros(keys), seen_by=np.zeros(keys), queries=0)


def sinks_of(run: Rows, cells: np.ndarray) -> Sinks:
    """What every key got of some rows; those that are no distribution do not count.

    cells: `Rows.cell_sums` of them.
    """
    head, span, keys = run.head, (run.first, run.end), run.head.shape[1]
    rows = np.setdiff1d(np.arange(*span), head.wrong_rows(span))
    if not rows.size:
        return no_sinks(keys)
    uniform = head.uniform.astype(np.float64)[rows]
    all_of_them = len(rows) == len(run)
    if not head.record.is_masked:  # every query sees every key
        weight = cells.sum(axis=0) if all_of_them else _summed(run.attn, rows - run.first)
        even, seen_by = np.full(keys, uniform.sum()), np.full(keys, float(len(rows)))
        return Sinks(weight=weight, even=even, seen_by=seen_by, queries=len(rows))
    seen = ~head.hidden(span, (0, keys))[rows - run.first]
    attn = run.attn[rows - run.first]
    return Sinks(
        weight=np.where(seen, attn, 0).sum(axis=0, dtype=np.float64),
        even=np.where(seen, uniform[:, None], 0).sum(axis=0),
        seen_by=seen.sum(axis=0).astype(np.float64),
        queries=len(rows),
    )


def _summed(attn: np.ndarray, rows: np.ndarray) -> np.ndarray:
    total: np.ndarray = attn[rows].sum(axis=0, dtype=np.float64)
    return total


def _over(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
