"""One head's map beside the same head's in another run: both, their difference, how far apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.cells import Cells
from phenaki_viz.analysis.difference import laid_maps
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import HeadMap, cell_size

LONG, MOST_QUERIES = 1024, 512  # of a map with more queries than LONG, so many evenly spaced


@dataclass(frozen=True, eq=False, kw_only=True)
class Beside:
    """Weights of one head in two runs as pictures, 'y x' float32 each; NaN where hidden, infinite
    where a row is no distribution.

    difference: now − before, in weights; NaN where hidden in both. cells: what a value is of.
    """

    before: np.ndarray
    now: np.ndarray
    difference: np.ndarray
    cells: Cells

    @property
    def end(self) -> float:
        """The magnitude that all but one in 200 differences stay within."""
        known = np.abs(self.difference[np.isfinite(self.difference)])
        return float(np.quantile(known, 0.995)) if known.size else 0.0

    @property
    def most(self) -> float:
        """The largest magnitude of the difference."""
        known = self.difference[np.isfinite(self.difference)]
        return float(np.abs(known).max(initial=0))


@incremental
def beside(before: HeadMap, now: HeadMap, most: int) -> Incremental[Beside]:
    """Two maps of at most `most` × `most` values. Raises ShapeError for maps of other tokens."""
    _check(before, now)
    maps = yield from laid_maps.steps(before, now, most, hidden_is_zero=True)
    return Beside(
        before=maps.one, now=maps.other, difference=maps.difference, cells=maps.cells
    )  # fmt: skip


@incremental
def moved(pairs: Sequence[tuple[HeadMap, HeadMap]]) -> Incremental[np.ndarray]:
    """How much of its weight each head puts elsewhere, 'n' float64, 0 to 1.

    Total variation distance of two rows, half the sum of |now − before|, mean over the queries of
    `rows_compared`, without rows that are no numbers; NaN where none is left. 0 is the same map, 1
    no overlap. Raises ShapeError for maps of other tokens.
    """
    found = np.zeros(len(pairs))
    for at, (before, now) in enumerate(pairs):
        _check(before, now)
        rows = rows_compared(now.shape[0])
        apart = np.abs(now.rows(rows).astype(np.float64) - before.rows(rows)).sum(axis=1) / 2
        known = apart[np.isfinite(apart)]
        found[at] = known.mean() if known.size else np.nan
        yield (at + 1) / len(pairs)
    return found


def rows_compared(queries: int) -> range:
    """Which rows of two maps are compared: all, as a change may be of one; of a long map spaced."""
    return range(0, queries, 1 if queries <= LONG else cell_size(queries, MOST_QUERIES))


def most_first(moved: np.ndarray) -> list[int]:
    """Which heads moved most, the first first; those that are NaN last. moved: 'n', see `moved`."""
    order: list[int] = np.argsort(-moved, kind="stable").tolist()
    return order


def _check(before: HeadMap, now: HeadMap) -> None:
    """That rows and columns are the same tokens."""
    if before.shape != now.shape or _names(before) != _names(now):
        raise ShapeError(
            f"a map of {before.shape[0]} queries and {before.shape[1]} keys cannot be laid on one "
            f"of {now.shape[0]} and {now.shape[1]}: the tokens are not the same"
        )


def _names(head: HeadMap) -> object:
    record, item = head.record, head.item
    return record.query_axis(item), record.key_axis(item)
