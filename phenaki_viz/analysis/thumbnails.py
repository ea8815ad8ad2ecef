"""Small pictures of every head: the map pooled to a few cells, masked cells kept apart."""

from collections.abc import Sequence
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
) -> Thumbnails:
    """Pool every map of one stack into at most `most` cells a side.

    items: the batch item of each record. All maps of a stack have one shape.
    """
    _, _, i, j = records[0].map.shape
    cell = cell_size(i, most), cell_size(j, most)
    layers = [
        _layer(record, item, most, reduce) for record, item in zip(records, items, strict=True)
    ]
    return Thumbnails(np.stack(layers), cell)


def _layer(record: AttentionRecord, item: int, most: int, reduce: Reduce) -> np.ndarray:
    _, h, i, j = record.map.shape
    values = np.stack(
        [record.map.tile(item, head, (0, i), (0, j), (most, most), reduce) for head in range(h)]
    )
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
    hidden = record.hidden(item, rows, columns)
    cell = cell_size(hidden.shape[0], shape[0]), cell_size(hidden.shape[1], shape[1])
    if cell == (1, 1):
        return hidden
    starts = np.arange(0, hidden.shape[0], cell[0]), np.arange(0, hidden.shape[1], cell[1])
    by_row = np.logical_and.reduceat(hidden, starts[0], axis=0)
    return np.logical_and.reduceat(by_row, starts[1], axis=1)
