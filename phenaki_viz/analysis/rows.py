"""Runs of rows of one head's map, what a row is measured against, and whether it is sound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phenaki_viz.recording import HeadMap, Terms, cell_size
from phenaki_viz.recording.maps import Span, pool_rows
from phenaki_viz.recording.streams import stream_of

RUN = 2**22  # weights read at a time
SIDE = 64  # cells of a thumbnail
SUMMED = 2**22  # weights of a whole map by parts that are recomputed to sum its rows


@dataclass(frozen=True, eq=False)
class Rows:
    """Some whole rows of one head's map: 'q j', null keys first; `first` is the first query.

    logs: their natural logarithms, made_of: the terms of these rows, if they were read with them.
    queries: the index of each, 'q' int, of rows that are no run.
    """

    head: HeadMap
    first: int
    attn: np.ndarray
    logs: np.ndarray | None = None
    made_of: Terms | None = None
    queries: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.attn)

    @property
    def end(self) -> int:
        """One past the last query."""
        return self.first + len(self.attn)

    @property
    def at(self) -> int | np.ndarray:
        """Which queries they are, as `heads` asks for them."""
        return self.first if self.queries is None else self.queries

    @cached_property
    def terms(self) -> Terms:
        """What the logits of these rows are made of."""
        return self.made_of or self.head.terms(range(self.first, self.end))

    def pieces(self, count: int) -> list["Rows"]:
        """The rows in so many runs, as even as can be."""
        found, first = [], 0
        for attn in np.array_split(self.attn, count):
            end = first + len(attn)
            logs = None if self.logs is None else self.logs[first:end]
            made_of = self.made_of and self.made_of.of_rows(first, end)
            found.append(Rows(self.head, self.first + first, attn, logs, made_of))
            first = end
        return found


def row_runs(
    head: HeadMap, rows: Span | None = None, *, terms: bool = False, tall: int | None = None
) -> Iterator[Rows]:
    """A map, or some rows of it, in runs of rows that fit into memory.

    Each is true until the next one is asked for: they may share their memory. A run is of whole
    cells of so many rows, `tall`, by default those of the head's thumbnail, so that all who read
    whole heads can share the runs. terms: whether what the rows are made of is wanted as well.
    """
    queries, keys = head.shape
    tall = tall or cell_size(queries, SIDE)
    step = max(1, RUN // keys // tall) * tall
    stream = stream_of(head.record.map, head.item, head.head, terms=terms)
    begin, last = rows or (0, queries)
    for first in range(begin, last, step):
        end = min(first + step, last)
        if stream is None:
            yield Rows(head, first, head.tile((first, end)))
        else:
            yield Rows(head, first, *stream.read(first, end))


def pooled_runs(head: HeadMap, rows: Span, columns: Span, most: int) -> Iterator[np.ndarray]:
    """A window in at most `most` × `most` means of equal cells, in runs of its rows from the top.

    As `HeadMap.tile_runs` gives it; whole rows of a long map are made in memory that is kept.
    """
    cell = cell_size(rows[1] - rows[0], most), cell_size(columns[1] - columns[0], most)
    stream = stream_of(head.record.map, head.item, head.head, terms=False)
    if stream is None or columns != (0, head.shape[1]) or cell == (1, 1):
        yield from head.tile_runs(rows, columns, (most, most))
        return
    for run in row_runs(head, rows, tall=cell[0]):
        yield pool_rows(run.attn, cell)


def uniform_weight(visible_keys: np.ndarray) -> np.ndarray:
    """The weight of a query that does not choose: 1 / visible keys, 'i' float32; NaN for none."""
    keys = np.asarray(visible_keys, np.float32)
    return np.divide(1, keys, out=np.full_like(keys, np.nan), where=keys > 0)


def wrong_among(head: HeadMap, queries: Sequence[int] | None = None) -> tuple[int, ...]:
    """Those of some queries, or of all, whose rows are not a distribution.

    Of all the rows of a very long map by parts, only those that were read whole before are known.
    """
    if queries is not None:
        asked = sorted(set(queries))
        found = [head.wrong_rows((query, query + 1)) for query in asked]
        return tuple(q for q, wrong in zip(asked, found, strict=True) if q in wrong)
    i, j = head.shape
    known = head.record.map.held == "by parts" and i * j > SUMMED
    return tuple(int(q) for q in head.wrong_rows((0, 1) if known else None))


def blanked(rows: np.ndarray, wrong: Sequence[int], queries: Sequence[int]) -> np.ndarray:
    """Rows 'q …' of these queries, NaN where a query is among the wrong ones."""
    if not len(wrong):
        return rows
    gone = np.isin(np.asarray(queries), wrong).reshape(-1, *[1] * (rows.ndim - 1))
    return np.where(gone, np.nan, rows).astype(np.float32)
