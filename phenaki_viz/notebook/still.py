"""The view without a widget: it is set from Python, and drawn anew where it is shown again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from phenaki_viz.browser.axes import Place
from phenaki_viz.browser.linked import Linked
from phenaki_viz.browser.looked import Chosen
from phenaki_viz.notebook.frame import framed, saved


class StillView:
    """Grid, map and strip of a stack in a frame. What is picked in it stays in the browser: for
    Python to hear of it, install anywidget (`pip install phenaki-viz[notebook]`).

    layer, head: as recorded. query, key: row and column of the map; key is None for none. patch:
    (step, row, column) of the query. pins: (layer, head) of those beside it. All can be set;
    RecordingError says what there is.
    """

    def __init__(self, linked: Linked, at: Chosen) -> None:
        self._linked, self._at = linked, at

    @property
    def layer(self) -> int:
        """As recorded, counted from 0."""
        return self._linked.records[self._at.row].layer

    @layer.setter
    def layer(self, layer: int) -> None:
        self._at = replace(self._at, row=self._linked.row_of(layer))

    @property
    def head(self) -> int:
        """As recorded, counted from 0."""
        return self._linked.records[self._at.row].heads[self._at.head]

    @head.setter
    def head(self, head: int) -> None:
        self._at = replace(self._at, head=self._linked.head_of(self._at.row, head))

    @property
    def patch(self) -> Place:
        """Step, row and column of the chosen query."""
        return self._at.place

    @patch.setter
    def patch(self, patch: Place) -> None:
        self._at = self._linked.moved(self._at, patch)

    @property
    def query(self) -> int:
        """The row of the map that belongs to the chosen patch."""
        return self._linked.query_of(self._at)

    @query.setter
    def query(self, query: int) -> None:
        self.patch = self._linked.place_of(self._at, query)

    @property
    def key(self) -> int | None:
        """The chosen column of the map, null keys counted."""
        return self._at.key

    @key.setter
    def key(self, key: int | None) -> None:
        self._at = replace(self._at, key=self._linked.key_of(self._at, key))

    @property
    def pins(self) -> tuple[tuple[int, int], ...]:
        """Layer and head of those that are held beside it, at most 4."""
        return self._linked.pinned_names(self._at)

    @pins.setter
    def pins(self, heads: Sequence[Sequence[int]]) -> None:
        self._at = replace(self._at, pins=self._linked.pins_of(heads))

    def save(self, path: str | Path) -> Path:
        """Write it as one HTML page with every head, which draws from disk. Raises ExportError."""
        return saved(self._linked, self._at, path)

    def __repr__(self) -> str:
        return described(self._linked, self._at)

    def _repr_html_(self) -> str:
        return framed(self._linked, self._at)


def described(linked: Linked, at: Chosen) -> str:
    """A line on what is looked at."""
    return f"View of {linked.head(at).title}, query {linked.query_of(at)}"
