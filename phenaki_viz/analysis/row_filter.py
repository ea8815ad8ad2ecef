"""A map with something left out: the keys outside the top mass, the sinks. Raw weights stay."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import row_runs
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.analysis.top_mass import row_ranks, top_keys
from phenaki_viz.recording import HeadMap

RUN = 4_000_000  # weights read at once


@dataclass(frozen=True)
class RowFilter:
    """What is left out of every row. mass: share that the keys kept hold, 1 keeps all.

    without: key columns taken away first; the rest is renormalised to sum to 1.
    """

    mass: float = 1.0
    without: tuple[int, ...] = ()

    @property
    def leaves_all(self) -> bool:
        """Whether nothing is left out."""
        return self.mass >= 1 and not self.without

    def weights(self, attn: np.ndarray) -> np.ndarray:
        """Whole rows 'q j' renormalised without the columns: 'q j' float32, 0 in those columns.

        A row with nothing left is all 0.
        """
        if not self.without:
            return np.asarray(attn, np.float32)
        left, total = self._left(attn), self.left(attn)[:, None]
        return np.divide(left, total, out=np.zeros_like(left), where=total > 0).astype(np.float32)

    def left(self, attn: np.ndarray) -> np.ndarray:
        """What the columns that stay hold of each row, 'q' float64."""
        return self._left(attn).sum(axis=1)

    def _left(self, attn: np.ndarray) -> np.ndarray:
        left = attn.astype(np.float64)
        left[:, list(self.without)] = 0
        return left

    def kept(self, weights: np.ndarray) -> np.ndarray:
        """Which cells of whole rows, as `weights` gives them, are kept: 'q j' bool."""
        kept = top_keys(weights, self.mass) if self.mass < 1 else np.ones(weights.shape, bool)
        kept[:, list(self.without)] = False
        return kept


@dataclass(frozen=True)
class FilteredTile:
    """How a `MapTile` looks under a cut; 'y x' as its values, decided on whole exact rows.

    kept: share of the cell's weight that is kept, 0 to 1 (without weight: share of its cells).
    shown: float32, renormalised weights, averaged over the cells whose key was not taken away;
    None when none is. left: 'y', what the other keys hold of each row, when cells are single rows.
    """

    kept: np.ndarray
    shown: np.ndarray | None
    left: np.ndarray | None = None


@incremental
def filtered_tile(head: HeadMap, tile: MapTile, row_filter: RowFilter) -> Incremental[FilteredTile]:
    """Decide for every row of the tile's window what is kept, then pool as the tile was pooled."""
    r0, r1, c0, c1 = tile.window
    tall, broad = tile.cell
    _, j = head.shape
    step = tall * max(1, RUN // (j * tall))
    blocks, left_of = [], []
    for first in range(r0, r1, step):
        attn = head.tile((first, min(first + step, r1)))
        attn = np.where(np.isfinite(attn), attn, 0)
        weights = row_filter.weights(attn)
        kept = row_filter.kept(weights)
        left_of.append(row_filter.left(attn))
        left = np.ones(j, bool)
        left[list(row_filter.without)] = False
        blocks.append(_pool(weights[:, c0:c1], kept[:, c0:c1], left[c0:c1], (tall, broad)))
        yield (first + len(attn) - r0) / (r1 - r0)
    kept, shown = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    if not row_filter.without:
        return FilteredTile(kept, None)
    return FilteredTile(kept, shown, np.concatenate(left_of) if tall == 1 else None)


def _pool(
    weights: np.ndarray, kept: np.ndarray, left: np.ndarray, cell: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    if cell == (1, 1):
        return kept.astype(np.float32), weights
    count = _sums(np.ones(weights.shape, np.float32), cell)
    remaining = _sums(np.broadcast_to(left, weights.shape).astype(np.float32), cell)
    total = _sums(weights, cell)
    inside = _sums(np.where(kept, weights, 0), cell)
    share = _over(inside, total, _sums(kept.astype(np.float32), cell) / count)
    return share, _over(total, remaining, np.zeros_like(total))


def _sums(values: np.ndarray, cell: tuple[int, int]) -> np.ndarray:
    starts = [np.arange(0, size, step) for size, step in zip(values.shape, cell, strict=True)]
    return np.add.reduceat(np.add.reduceat(values, starts[0], axis=0), starts[1], axis=1)


def _over(top: np.ndarray, bottom: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=otherwise.astype(np.float32), where=bottom > 0)


@incremental
def highest_weight(head: HeadMap, row_filter: RowFilter) -> Incremental[float]:
    """The largest weight of one head as the cut leaves it, read in runs of rows."""
    high = 0.0
    for run in row_runs(head):
        left = row_filter.weights(np.where(np.isfinite(run.attn), run.attn, 0))
        high = max(high, float(left.max()))
        yield run.end / head.shape[0]
    return high


@incremental
def tile_ranks(head: HeadMap, tile: MapTile) -> Incremental[np.ndarray]:
    """Rank of every key of the tile within its whole row, 1 is the heaviest: 'y x' int64.

    Only for a tile of single cells.
    """
    r0, r1, c0, c1 = tile.window
    ranks = []
    for run in row_runs(head, (r0, r1)):
        ranks.append(row_ranks(run.attn)[:, c0:c1])
        yield (run.end - r0) / (r1 - r0)
    return np.concatenate(ranks)
