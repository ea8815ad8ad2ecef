"""One head's map: which record, which batch item, which head; what analysis is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.axes import GridSize
from phenaki_viz.recording.maps import Reduce, Span, on_host
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.places import Place
from phenaki_viz.recording.records import AttentionRecord
from phenaki_viz.recording.terms import Terms, terms_of


@dataclass(frozen=True)
class HeadMap:
    """The map 'i j' of one head; item and head count what was recorded.

    Columns count the null keys first. Every answer is float32, exact unless it is pooled.
    """

    record: AttentionRecord
    item: int
    head: int

    @property
    def shape(self) -> tuple[int, int]:
        """Queries and keys."""
        return self.record.map.shape[2:]

    @cached_property
    def lattice(self) -> GridSize | None:
        """'t h w' of the queries, as `TokenAxis.lattice` says it."""
        return self.record.query_axis(self.item).lattice

    def rows(self, queries: Sequence[int]) -> np.ndarray:
        """What these queries look at: 'q j'."""
        return self.record.map.rows(self.item, self.head, queries)

    def columns(self, keys: Sequence[int]) -> np.ndarray:
        """Who looks at these keys: 'i k'."""
        return self.record.map.columns(self.item, self.head, keys)

    def tile(
        self,
        rows: Span,
        columns: Span | None = None,
        shape: tuple[int, int] | None = None,
        reduce: Reduce = "mean",
    ) -> np.ndarray:
        """The rectangle 'rows columns', pooled into at most `shape` cells; None is every column."""
        span = columns or (0, self.shape[1])
        return self.record.map.tile(self.item, self.head, rows, span, shape, reduce)

    def tile_runs(
        self,
        rows: Span,
        columns: Span,
        shape: tuple[int, int] | None = None,
        reduce: Reduce = "mean",
    ) -> Iterator[np.ndarray]:
        """A tile as `tile` gives it in runs of its rows, from the top, each made when asked for."""
        return self.record.map.tile_runs(self.item, self.head, rows, columns, shape, reduce)

    def wrong_rows(self, rows: Span | None = None) -> np.ndarray:
        """Queries whose weights are no distribution, int; see `AttentionMap.wrong_rows`."""
        return self.record.map.wrong_rows(self.item, self.head, rows)

    def hidden(self, rows: Span, columns: Span) -> np.ndarray:
        """Cells no mask lets through: 'rows columns' bool."""
        return self.record.hidden(self.item, rows, columns, self.head)

    def visible(self, queries: Sequence[int] | np.ndarray) -> np.ndarray:
        """Which keys these queries may look at: 'q j' bool."""
        return self.record.visible(self.item, queries, self.head)

    @property
    def visible_keys(self) -> np.ndarray:
        """How many keys each query may look at: 'i' int, 0 is a row with nothing to see."""
        return self.record.visible_keys(self.item, self.head)

    @property
    def uniform(self) -> np.ndarray:
        """The weight of a query that does not choose: 1 / visible keys, 'i'; NaN for none."""
        keys = self.visible_keys.astype(np.float32)
        return np.divide(1, keys, out=np.full_like(keys, np.nan), where=keys > 0)

    def row_of(self, place: Place) -> int:
        """The row of the query at a place (step, row, column), whatever stands before the patches.

        Raises RecordingError where no query of this map stands for it.
        """
        found = self.record.query_axis(self.item).index(place)
        if found is None:
            raise RecordingError(f"no query of this map of {self.record.module} is at {place}")
        return found

    @property
    def is_put_in(self) -> bool:
        """Whether the map is that of another run: no term of this one makes it."""
        return self.record.heads[self.head] in self.record.put_in

    @property
    def queries(self) -> np.ndarray | None:
        """The head's queries, 'i d' float32, in the units they were multiplied in.

        None where they were not kept: a dense map has them if they were recorded as extras.
        """
        held, record = self.record.map, self.record
        if isinstance(held, FactoredMap):
            return on_host(held.q[self.item, self.head])
        return None if record.queries is None else record.queries[self.item, self.head]

    @property
    def value_norms(self) -> np.ndarray | None:
        """‖v_j W_O‖ of every key in this head, 'j' float32: weight × this is how much is written.

        None where it was not recorded; see `AttentionRecord.written`.
        """
        written = self.record.written
        return None if written is None else written.values[self.item, self.head]

    def terms(self, queries: Sequence[int], keys: Span | None = None) -> Terms:
        """What the logits of some rows are made of, over a run of keys or all of them.

        Raises RecordingError of a head whose map is that of another run.
        """
        return terms_of(self.record, self.item, self.head, queries, keys)
