"""Runs of rows of one head's map, what a row is measured against, and whether it is sound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phenaki_viz.numerics.crew import side_by_side
from phenaki_viz.recording import HeadMap, Terms, cell_size
from phenaki_viz.recording.maps import Span
from phenaki_viz.recording.streams import RowStream, RowSums, stream_of

RUN = 2**21  # weights read at a time
POOLED = 2**22  # weights pooled at a time, of which never all are held
SUMMED_AT_ONCE = 16  # rows that are added up in 32 bits
SIDE = 64  # cells of a thumbnail
SUMMED = 2**22  # weights of a whole factored map that are recomputed to sum its rows


@dataclass(frozen=True, eq=False)
class Rows:
    """Some whole rows of one head's map: 'q j', null keys first; `first` is the first query.

    sums: what else was summed of them when they were made, if it was. queries: the index of each,
    'q' int, of rows that are no run.
    """

    head: HeadMap
    first: int
    attn: np.ndarray
    sums: RowSums | None = None
    queries: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.attn)

    @property
    def end(self) -> int:
        """One past the last query."""
        return self.first + len(self.attn)

    @property
    def at(self) -> int | np.ndarray:
        """Which queries they are, as `heads` takes them."""
        return self.first if self.queries is None else self.queries

    @cached_property
    def terms(self) -> Terms:
        """What the logits of these rows are made of."""
        run = range(self.first, self.end)
        return self.head.terms(run if self.queries is None else self.queries.tolist())

    def pieces(self, count: int) -> list["Rows"]:
        """The rows in so many runs, as even as can be."""
        found, first = [], 0
        for attn in np.array_split(self.attn, count):
            some = slice(first, first + len(attn))
            sums = self.sums and self.sums.of_rows(some)
            queries = None if self.queries is None else self.queries[some]
            found.append(Rows(self.head, self.first + first, attn, sums, queries))
            first = some.stop
        return found

    def cell_sums(self, tall: int) -> np.ndarray:
        """Sums over the rows of each cell of so many, from the first one on: 'y j' float64."""
        sums = []
        for first in range(0, len(self), tall):
            cell = self.attn[first : min(first + tall, len(self))]
            some = [cell[at : at + SUMMED_AT_ONCE].sum(axis=0)
                    for at in range(0, len(cell), SUMMED_AT_ONCE)]  # fmt: skip
            sums.append(np.sum(some, axis=0, dtype=np.float64))
        return np.array(sums)


@dataclass(frozen=True, eq=False)
class RowReader:
    """Reads runs of rows of one head's map, each of whole cells of so many rows, `tall`.

    By default the cells are those of the head's thumbnail, so that all readers of whole heads read
    the same runs. sums: whether entropy or position's share will be measured.
    """

    head: HeadMap
    span: Span | None = None
    sums: bool = False
    tall: int | None = None

    @property
    def cell(self) -> int:
        """Rows of a cell."""
        return self.tall or cell_size(self.head.shape[0], SIDE)

    @property
    def runs(self) -> list[Span]:
        """First query of each run, and one past its last."""
        step = max(1, RUN // self.head.shape[1] // self.cell) * self.cell
        return runs_of(self.span or (0, self.head.shape[0]), step)

    def read(self, run: Span) -> Rows:
        """A run's rows; true until the same thread reads the next ones."""
        if self._stream is None:
            return Rows(self.head, run[0], self.head.tile(run))
        return Rows(self.head, run[0], *self._stream.read(slice(*run), sums=self.sums))

    def read_some(self, queries: np.ndarray) -> Rows:
        """Rows of queries that are no run, 'q' int; as true as those of a run."""
        if self._stream is None:
            return Rows(self.head, 0, self.head.rows(queries.tolist()), queries=queries)
        return Rows(self.head, 0, *self._stream.read(queries, sums=self.sums), queries)

    @cached_property
    def _stream(self) -> RowStream | None:
        return stream_of(self.head.record.map, self.head.item, self.head.head)


def row_runs(head: HeadMap, span: Span | None = None) -> Iterator[Rows]:
    """A map, or some rows of it, in runs of rows that fit into memory, one after the other.

    Each is true until the next one is taken: they may share their memory.
    """
    reader = RowReader(head, span)
    return map(reader.read, reader.runs)


def pooled_runs(head: HeadMap, rows: Span, columns: Span, most: int) -> Iterator[np.ndarray]:
    """A window in at most `most` × `most` means of equal cells, in runs of its rows from the top.

    As `HeadMap.tile_runs` gives it; whole rows of a long map are made on all cores, in memory that
    is kept.
    """
    cell = cell_size(rows[1] - rows[0], most), cell_size(columns[1] - columns[0], most)
    stream = stream_of(head.record.map, head.item, head.head)
    if stream is None or columns != (0, head.shape[1]) or cell == (1, 1):
        return head.tile_runs(rows, columns, (most, most))
    first = min(rows[0] + cell[0], rows[1])  # is made alone: as little as can be
    step = max(1, POOLED // head.shape[1] // cell[0]) * cell[0]
    runs = [(rows[0], first), *runs_of((first, rows[1]), step)]
    return side_by_side(lambda run: stream.pooled(*run, cell), runs)


def runs_of(span: Span, step: int) -> list[Span]:
    """Runs of so many rows: the first of each, and one past its last; the last may be shorter."""
    return [(first, min(first + step, span[1])) for first in range(*span, step)]


def uniform_weight(visible_keys: np.ndarray) -> np.ndarray:
    """The weight of a query that does not choose: 1 / visible keys, 'i' float32; NaN for none."""
    keys = np.asarray(visible_keys, np.float32)
    return np.divide(1, keys, out=np.full_like(keys, np.nan), where=keys > 0)


def wrong_among(head: HeadMap, queries: Sequence[int] | None = None) -> tuple[int, ...]:
    """Queries whose rows are not a distribution, among some of them or all.

    Of all the rows of a very long factored map, only those that were read whole before are known.
    """
    if queries is not None:
        unique = sorted(set(queries))
        found = [head.wrong_rows((query, query + 1)) for query in unique]
        return tuple(q for q, wrong in zip(unique, found, strict=True) if q in wrong)
    i, j = head.shape
    known = head.record.map.storage == "factored" and i * j > SUMMED
    return tuple(int(q) for q in head.wrong_rows((0, 1) if known else None))


def blanked(
    rows: np.ndarray, wrong: Sequence[int], queries: Sequence[int], by: float = np.nan
) -> np.ndarray:
    """Rows 'q …' of these queries, NaN (or `by`) where a query is among the wrong ones."""
    if not len(wrong):
        return rows
    gone = np.isin(np.asarray(queries), wrong).reshape(-1, *[1] * (rows.ndim - 1))
    return np.where(gone, by, rows).astype(np.float32)
