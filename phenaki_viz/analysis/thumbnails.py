"""Small pictures of every head: the map pooled to a few cells, masked cells kept apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.recording import AttentionRecord, Reduce, cell_size


@dataclass(frozen=True)
class Thumbnails:
    """values: 'l h y x' float32, NaN where every weight of a cell is masked, infinite where the
    row is not a distribution. cell: how many weights one value stands for, (rows, columns).
    """

    values: np.ndarray
    cell: tuple[int, int]

    @property
    def high(self) -> float:
        """Largest value drawn; 1 when nothing is."""
        drawn = self.values[np.isfinite(self.values)]
        return float(drawn.max()) if drawn.size else 1.0


def thumbnails(
    records: Sequence[AttentionRecord],
    items: Sequence[int],
    most: int = 64,
    reduce: Reduce = "mean",
    on_progress: Callable[[int, int], None] | None = None,
) -> Thumbnails:
    """Pool every map of one stack into at most `most` cells a side.

    items: the batch item of each record. All maps of a stack have one shape. on_progress: told
    (heads done, of) as they are; what it raises stops the work.
    """
    _, h, i, j = records[0].map.shape
    cell = cell_size(i, most), cell_size(j, most)
    layers = []
    for at, (record, item) in enumerate(zip(records, items, strict=True)):
        pictures = []
        for head in range(h):
            pictures.append(record.map.tile(item, head, (0, i), (0, j), (most, most), reduce))
            if on_progress:
                on_progress(at * h + head + 1, len(records) * h)
        layers.append(_marked(record, item, np.stack(pictures)))
    return Thumbnails(np.stack(layers), cell)


def _marked(record: AttentionRecord, item: int, values: np.ndarray) -> np.ndarray:
    """Thumbnails 'h y x' with masked and wrong cells as `Thumbnails` says."""
    _, _, i, j = record.map.shape
    values = np.where(np.isfinite(values), values, np.inf)
    hidden = hidden_cells(record, item, (0, i), (0, j), values.shape[1:])
    return values if hidden is None else np.where(hidden, np.nan, values).astype(np.float32)


def hidden_cells(
    record: AttentionRecord,
    item: int,
    rows: tuple[int, int],
    columns: tuple[int, int],
    shape: tuple[int, ...],
) -> np.ndarray | None:
    """Cells of a pooled tile in which every weight is masked, 'y x' bool; None without masks."""
    if not record.causal and record.key_mask is None:
        return None
    y, x = cell_size(rows[1] - rows[0], shape[0]), cell_size(columns[1] - columns[0], shape[1])
    starts = np.arange(0, columns[1] - columns[0], x)
    cells = np.empty((-(-(rows[1] - rows[0]) // y), len(starts)), bool)
    for at in range(len(cells)):  # a row of cells at a time: a mask is as large as the map
        first = rows[0] + at * y
        hidden = record.hidden(item, (first, min(first + y, rows[1])), columns).all(axis=0)
        cells[at] = np.logical_and.reduceat(hidden, starts)
    return cells


def with_means(tiles: np.ndarray) -> np.ndarray:
    """'l h …' with the means set behind: 'l+1 h+1 …' float32.

    The last column is the mean over heads, the last row over layers, the corner over all. NaN and
    infinity carry through.
    """
    with np.errstate(invalid="ignore"):
        heads = np.concatenate([tiles, tiles.mean(axis=1, keepdims=True)], axis=1)
        return np.concatenate([heads, heads.mean(axis=0, keepdims=True)], axis=0).astype(np.float32)
