"""Small pictures of every head: the map pooled to a few cells, masked cells kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import pooled_runs
from phenaki_viz.recording import AttentionRecord, HeadMap, Reduce, cell_size
from phenaki_viz.recording.maps import Span


@dataclass(frozen=True)
class Thumbnails:
    """values: 'l h y x' float32, NaN where every weight of a cell is masked, infinite where the
    row is not a distribution. cell: how many weights one value stands for, (rows, columns).
    """

    values: np.ndarray
    cell: tuple[int, int]


@incremental
def thumbnails(
    records: Sequence[AttentionRecord],
    items: Sequence[int],
    most: int = 64,
    reduce: Reduce = "mean",
) -> Incremental[Thumbnails]:
    """Pool every map of one stack into at most `most` cells a side; a step is a run of rows.

    items: the batch item of each record. All maps of a stack have one shape.
    """
    _, h, i, j = records[0].map.shape
    cell = cell_size(i, most), cell_size(j, most)
    high, wide = -(-i // cell[0]), -(-j // cell[1])
    values = np.empty((len(records), h, high, wide), np.float32)
    for at, (layer, head) in enumerate(np.ndindex(len(records), h)):
        first, one = 0, HeadMap(records[layer], items[layer], head)
        runs = one.tile_runs((0, i), (0, j), (most, most), reduce)
        for run in runs if reduce != "mean" else pooled_runs(one, (0, i), (0, j), most):
            values[layer, head, first : first + len(run)] = run
            first += len(run)
            yield (at + first / high) / (len(records) * h)
    for layer, head in np.ndindex(len(records), h):
        one = HeadMap(records[layer], items[layer], head)
        wrong = one.wrong_rows()  # read just now: the sums are known
        values[layer, head] = marked(one, values[layer, head], cell[0], wrong)
    return Thumbnails(values, cell)


def marked(head: HeadMap, values: np.ndarray, tall: int, wrong: np.ndarray) -> np.ndarray:
    """A thumbnail 'y x' with masked and wrong cells as `Thumbnails` says.

    tall: rows of a cell. wrong: queries whose rows are no distribution.
    """
    i, j = head.shape
    values = np.where(np.isfinite(values), values, np.inf)
    values[wrong // tall] = np.inf
    hidden = hidden_cells(head, (0, i), (0, j), values.shape)
    return values if hidden is None else np.where(hidden, np.nan, values).astype(np.float32)


def hidden_cells(
    head: HeadMap, rows: Span, columns: Span, shape: tuple[int, ...]
) -> np.ndarray | None:
    """Cells of a pooled tile in which every weight is masked, 'y x' bool; None without masks."""
    if not head.record.is_masked:
        return None
    y, x = cell_size(rows[1] - rows[0], shape[0]), cell_size(columns[1] - columns[0], shape[1])
    down, right = np.arange(rows[0], rows[1], y), np.arange(0, columns[1] - columns[0], x)
    if head.record.cut_edges is None:
        # The last query of a cell sees what the ones before it see, and more.
        hidden = ~head.visible(np.append(down[1:], rows[1]) - 1)[:, slice(*columns)]
    else:  # edges are cut of any queries; never all of a long map at once
        runs = ((top, min(top + y, rows[1])) for top in down.tolist())
        hidden = np.stack([head.hidden(run, columns).all(axis=0) for run in runs])
    cells: np.ndarray = np.logical_and.reduceat(hidden, right, axis=1)
    return cells


def coarser(values: np.ndarray, most: int) -> np.ndarray:
    """Tiles '… y x' as means of their cells, at most `most` a side; masked cells are left out.

    A cell of which all is masked stays NaN, one with a wrong row infinite.
    """
    y, x = (cell_size(size, most) for size in values.shape[-2:])
    sums, counts = np.where(np.isnan(values), 0, values), (~np.isnan(values)).astype(np.float32)
    for axis, each in ((-2, y), (-1, x)):
        starts = np.arange(0, values.shape[axis], each)
        sums, counts = (np.add.reduceat(one, starts, axis) for one in (sums, counts))
    return np.divide(sums, counts, np.full_like(sums, np.nan), where=counts > 0)


def with_means(tiles: np.ndarray) -> np.ndarray:
    """'l h …' with the means set behind: 'l+1 h+1 …' float32.

    The last column is the mean over heads, the last row over layers, the corner over all. NaN and
    infinity carry through.
    """
    with np.errstate(invalid="ignore"):
        heads = np.concatenate([tiles, tiles.mean(axis=1, keepdims=True)], axis=1)
        return np.concatenate([heads, heads.mean(axis=0, keepdims=True)], axis=0).astype(np.float32)
