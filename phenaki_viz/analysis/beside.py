"""One head's map beside the same head's in another run: both, their difference, how far apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.cells import Cells
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import HeadMap, cell_size

MOST_QUERIES = 128  # of each head, evenly spaced, over which two maps are compared


@dataclass(frozen=True, eq=False, kw_only=True)
class Beside:
    """Weights of one head in two runs as pictures, 'y x' float32 each. cells: what a value is of.

    difference: now − before, in weights.
    """

    before: np.ndarray
    now: np.ndarray
    cells: Cells

    @property
    def difference(self) -> np.ndarray:
        """How much more weight there is now: 'y x' float32."""
        return self.now - self.before

    @property
    def end(self) -> float:
        """The magnitude that all but one in 200 differences stay within."""
        return float(np.quantile(np.abs(self.difference), 0.995))

    @property
    def most(self) -> float:
        """The largest magnitude of the difference."""
        return float(np.abs(self.difference).max(initial=0))


@incremental
def beside(before: HeadMap, now: HeadMap, most: int) -> Incremental[Beside]:
    """Two maps of at most `most` × `most` values. Raises ShapeError for maps of other tokens."""
    _check(before, now)
    cells = Cells.of(now, most)
    sides: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for share, queries in cells.runs():
        for head, runs in zip((before, now), sides, strict=True):
            runs.append(cells.pooled(head.rows(queries), None))
        yield share
    return Beside(before=np.concatenate(sides[0]), now=np.concatenate(sides[1]), cells=cells)


@incremental
def moved(pairs: Sequence[tuple[HeadMap, HeadMap]]) -> Incremental[np.ndarray]:
    """How much of its weight each head puts elsewhere, 'n' float64, 0 to 1.

    Total variation distance of two rows, half the sum of |now − before|, mean over queries: all,
    or at most 128 evenly spaced ones. 0 is the same map, 1 no overlap. Raises ShapeError for maps
    of other tokens.
    """
    found = np.zeros(len(pairs))
    for at, (before, now) in enumerate(pairs):
        _check(before, now)
        queries = now.shape[0]
        asked = range(0, queries, cell_size(queries, MOST_QUERIES))
        apart = np.abs(now.rows(asked).astype(np.float64) - before.rows(asked)).sum(axis=1) / 2
        found[at] = apart.mean()
        yield (at + 1) / len(pairs)
    return found


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
