"""How a map is read for a picture of so many values a side: every row, or of a long map some."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.tiles import pooled_by
from phenaki_viz.recording import HeadMap, cell_size

RUN = 2**19  # cells that are read at a time
EVERY = 2**23  # cells of a map that is still read whole


@dataclass(frozen=True)
class Cells:
    """The cells of a picture of one map.

    cell: queries and keys that one value stands for. is_mean: whether it is the mean of all of
    them; else of the keys alone, for the query in the middle: a long map is not read whole.
    """

    shape: tuple[int, int]
    cell: tuple[int, int]
    is_mean: bool

    @classmethod
    def of(cls, head: HeadMap, most: int) -> "Cells":
        """At most `most` values a side."""
        queries, keys = head.shape
        cell = cell_size(queries, most), cell_size(keys, most)
        return cls(head.shape, cell, cell[0] == 1 or queries * keys <= EVERY)

    def runs(self) -> Iterator[tuple[float, Sequence[int]]]:
        """Queries to read together, from the top, and the share that is read with them."""
        queries, keys = self.shape
        tall = self.cell[0] if self.is_mean else 1
        rows = range(queries) if self.is_mean else self._middles
        step = max(1, RUN // keys // tall) * tall
        for first in range(0, len(rows), step):
            yield min(1.0, (first + step) / len(rows)), rows[first : first + step]

    def pooled(self, values: np.ndarray, unknown: np.ndarray | None) -> np.ndarray:
        """A run of rows 'q j' as rows of the picture; NaN where all of a cell is unknown."""
        return pooled_by(values, unknown, self.cell if self.is_mean else (1, self.cell[1]))

    @property
    def _middles(self) -> Sequence[int]:
        queries, tall = self.shape[0], self.cell[0]
        return [min(first + tall // 2, queries - 1) for first in range(0, queries, tall)]
