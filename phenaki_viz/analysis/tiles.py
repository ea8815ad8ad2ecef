"""The part of a map that a screen can show: exact cells where they fit, named pooling else."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import pooled_runs
from phenaki_viz.analysis.thumbnails import hidden_cells
from phenaki_viz.recording import HeadMap, cell_size

Window = tuple[int, int, int, int]  # r0 r1 c0 c1, ends excluded


@dataclass(frozen=True)
class MapTile:
    """values: 'y x' float32; NaN is masked, infinite belongs to a row that is no distribution.

    window: what it covers of the whole map. cell: how many weights one value averages.
    wrong: queries whose rows are no distribution, of the window at least. uniform: 'i', 1 / visible
    keys.
    """

    values: np.ndarray
    window: Window
    cell: tuple[int, int]
    wrong: tuple[int, ...]
    uniform: np.ndarray


@incremental
def map_tile(head: HeadMap, window: Window, most: int) -> Incremental[MapTile]:
    """The window of one head's map in at most `most` × `most` values (means of equal cells)."""
    rows, columns = (window[0], window[1]), (window[2], window[3])
    runs, done = [], 0
    for run in pooled_runs(head, rows, columns, most):
        runs.append(run)
        done += len(run)
        yield min(1.0, done * cell_size(rows[1] - rows[0], most) / (rows[1] - rows[0]))
    return _marked(head, window, most, np.concatenate(runs))


def _marked(head: HeadMap, window: Window, most: int, values: np.ndarray) -> MapTile:
    """The tile, with masked cells and rows that are no distribution marked apart."""
    rows, columns = (window[0], window[1]), (window[2], window[3])
    cell = cell_size(rows[1] - rows[0], most), cell_size(columns[1] - columns[0], most)
    wrong = head.wrong_rows(rows)  # read just now: their sums are known
    values = np.where(np.isfinite(values), values, np.inf)
    inside = wrong[(wrong >= rows[0]) & (wrong < rows[1])]
    values[(inside - rows[0]) // cell[0]] = np.inf
    hidden = hidden_cells(head, rows, columns, values.shape)
    if hidden is not None:
        values = np.where(hidden, np.nan, values)
    return MapTile(
        values=values.astype(np.float32),
        window=window,
        cell=cell,
        wrong=tuple(int(row) for row in wrong),
        uniform=head.uniform,
    )


def pooled(
    values: np.ndarray, hidden: np.ndarray | None, most: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """Means of equal cells of 'i j', NaN where all of a cell is hidden; and the cell's size."""
    cell = cell_size(values.shape[0], most), cell_size(values.shape[1], most)
    return pooled_by(values, hidden, cell), cell


def pooled_by(values: np.ndarray, hidden: np.ndarray | None, cell: tuple[int, int]) -> np.ndarray:
    """Means of cells of this size of 'i j', float32; NaN where all of a cell is hidden."""
    shown = np.ones(values.shape, bool) if hidden is None else ~hidden
    if cell == (1, 1):
        return np.where(shown, values, np.nan).astype(np.float32)
    sums, counts = _blocks(np.where(shown, values, 0), cell), _blocks(shown.astype(float), cell)
    mean = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return mean.astype(np.float32)


def _blocks(values: np.ndarray, cell: tuple[int, int]) -> np.ndarray:
    starts = [np.arange(0, size, step) for size, step in zip(values.shape, cell, strict=True)]
    return np.add.reduceat(np.add.reduceat(values, starts[0], axis=0), starts[1], axis=1)
