"""The view as a widget: what is picked in it is known to Python, and Python can pick.

The browser tells of what was done (`_event`); Python answers with what each panel shows. A pick is
shown there at once; the answer says which event it knows of, so that none overrules a later pick.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
from traitlets import Bytes, Dict, Int, TraitError, Tuple, Unicode, observe, validate

from phenaki_viz import browser
from phenaki_viz.browser.linked import Linked
from phenaki_viz.browser.looked import Chosen
from phenaki_viz.browser.map_message import Window
from phenaki_viz.errors import PhenakiVizError, RecordingError
from phenaki_viz.export.linked_page import dresses
from phenaki_viz.notebook.frame import framed, saved
from phenaki_viz.notebook.still import described

PUBLIC = ("layer", "head", "query", "key", "patch", "pins")


class View(anywidget.AnyWidget):
    """Grid, map and strip of a stack, and heads beside each other, which show one selection.

    layer, head: as recorded. query, key: row and column of the map; key is None for none. patch:
    (step, row, column) of the query. pins: (layer, head) of those that are held beside others. All
    can be set and observed (`view.observe(heard, "query")`); what is not there is refused with a
    TraitError that says what is.
    """

    _esm = browser.scripts()[browser.WIDGET_BUNDLE].decode().split("\n", 1)[1]
    layer = Int().tag(sync=True)
    head = Int().tag(sync=True)
    query = Int().tag(sync=True)
    key = Int(None, allow_none=True).tag(sync=True)
    patch = Tuple(Int(), Int(), Int(), default_value=(0, 0, 0)).tag(sync=True)
    pins = Tuple(default_value=()).tag(sync=True)

    _style = Unicode().tag(sync=True)
    _dresses = Dict().tag(sync=True)
    _film = Bytes().tag(sync=True)
    _grid = Bytes().tag(sync=True)
    _map = Bytes().tag(sync=True)
    _strip = Bytes().tag(sync=True)
    _pinned = Bytes().tag(sync=True)
    _pinned_lines = Bytes().tag(sync=True)
    _lines = Unicode().tag(sync=True)  # what the addresses of lines begin with
    _selection = Dict().tag(sync=True)
    _event = Dict().tag(sync=True)

    def __init__(self, linked: Linked, at: Chosen) -> None:
        self._linked, self._at = linked.named(uuid4().hex[:8]), at
        lines = f"kernel:{self._linked.id}"
        self._seen = {"grid": 0, "selection": 0, "arrange": 0}
        self._alone = False  # whether the grid shows one head only
        self._moving = True  # nothing is heard while everything is set
        super().__init__(
            _style=browser.style("linked") + browser.style("notebook"),
            _dresses=dresses(),
            _film=self._linked.film(),
            _lines=lines,
            **self._sent(lines),
            _grid=self._drawn_grid(),
            **self._said(),
        )
        self._moving = False
        self.on_msg(self._send_lines)

    # ---- what is said and sent of the selection

    def _said(self) -> dict[str, Any]:
        """The public traits."""
        record = self._linked.records[self._at.row]
        return {
            "layer": record.layer,
            "head": record.heads[self._at.head],
            "query": self._linked.query_of(self._at),
            "key": self._at.key,
            "patch": tuple(self._at.place),
            "pins": self._linked.pinned_names(self._at),
        }

    def _sent(self, lines: str) -> dict[str, Any]:
        """What goes to the browser of a head."""
        return {
            "_selection": self._selected(),
            "_map": self._linked.map(self._at),
            "_strip": self._linked.strip(self._at, lines),
            "_pinned": self._linked.pinned(self._at),
            "_pinned_lines": self._linked.pinned_lines(self._at),
        }

    def _selected(self) -> dict[str, Any]:
        return {"pick": self._linked.selection(self._at), "seen": self._seen["selection"]}

    def _drawn_grid(self) -> bytes:
        rev = time.time_ns() // 1_000_000
        picked = [self._at.row, self._at.head]
        arranged = {"alone": self._alone, "pins": [list(pin) for pin in self._at.pins]}
        return self._linked.grid(
            self._at,
            push={"rev": rev, "value": picked, "seen": self._seen["grid"]},
            arrange={"rev": rev, "value": arranged, "seen": self._seen["arrange"]},
        )

    def _move(self, at: Chosen, *, by_grid: bool = False) -> None:
        """Look at something else, and say so on both sides; by_grid: which shows it already."""
        before, self._at = self._at, at
        other_item = at.item != before.item
        other_tiles = self._linked.grid_of(at) != self._linked.grid_of(before)
        other_head = (at.row, at.head) != (before.row, before.head)
        other_pins = at.pins != before.pins
        self._moving = True
        try:
            with self.hold_sync(), self.hold_trait_notifications():
                self._selection = self._selected()
                if other_head or other_item:
                    self._map = self._linked.map(at)
                self._strip = self._linked.strip(at, self._lines)
                if other_item or other_pins:
                    self._pinned = self._linked.pinned(at)
                self._pinned_lines = self._linked.pinned_lines(at)
                if other_tiles or ((other_head or other_pins) and not by_grid):
                    self._grid = self._drawn_grid()
                for name, value in self._said().items():
                    setattr(self, name, value)
        finally:
            self._moving = False

    # ---- from Python

    @validate(*PUBLIC)
    def _there(self, proposal: Any) -> Any:
        if not self._moving:
            self._wanted(proposal["trait"].name, proposal["value"])
        return proposal["value"]

    @observe(*PUBLIC)
    def _set(self, change: Any) -> None:
        if not self._moving:
            self._move(self._wanted(change["name"], change["new"]))

    def _wanted(self, name: str, value: Any) -> Chosen:
        """What would be looked at. Raises TraitError where it is not there."""
        linked, at = self._linked, self._at
        found: dict[str, Callable[[], Chosen]] = {
            "layer": lambda: replace(at, row=linked.row_of(value)),
            "head": lambda: replace(at, head=linked.head_of(at.row, value)),
            "query": lambda: linked.moved(at, linked.place_of(at, value)),
            "key": lambda: replace(at, key=linked.key_of(at, value)),
            "patch": lambda: linked.moved(at, tuple(value)),
            "pins": lambda: replace(at, pins=linked.pins_of(value)),
        }
        try:
            return found[name]()
        except RecordingError as error:
            raise TraitError(str(error)) from error

    # ---- from the browser

    @observe("_event")
    def _heard(self, change: Any) -> None:
        event = change["new"]
        answers: dict[tuple[str, str], Callable[[dict[str, Any]], None]] = {
            ("grid", "pick"): self._picked_head,
            ("grid", "arrange"): self._arranged,
            ("pinned", "pick"): self._picked_cell,
            ("pinned", "unpin"): self._unpinned,
            ("map", "pick"): self._picked_cell,
            ("strip", "pick"): self._picked_patches,
            ("map", "window"): self._zoomed,
        }
        answer = answers.get((event.get("name"), event.get("event")))
        if answer is not None:
            answer(event["value"])

    def _picked_head(self, pick: dict[str, Any]) -> None:
        self._seen["grid"] = pick["seq"]
        self._move(replace(self._at, row=pick["layer"], head=pick["head"]), by_grid=True)

    def _arranged(self, arranged: dict[str, Any]) -> None:
        self._seen["arrange"], self._alone = arranged["seq"], arranged["alone"]
        pins = tuple((row, head) for row, head in arranged["pins"])
        self._move(replace(self._at, pins=pins), by_grid=True)

    def _unpinned(self, unpinned: dict[str, Any]) -> None:
        left = tuple(pin for at, pin in enumerate(self._at.pins) if at != unpinned["map"])
        self._move(replace(self._at, pins=left), by_grid=True)

    def _picked_cell(self, pick: dict[str, Any]) -> None:
        self._seen["selection"] = pick["seq"]
        self._move(self._linked.at_cell(self._at, pick["query"], pick["key"]))

    def _picked_patches(self, pick: dict[str, Any]) -> None:
        self._seen["selection"] = pick["seq"]
        places = ((t, h, w) for t, h, w in pick["places"])
        self._move(self._linked.moved(self._at, *places))

    def _zoomed(self, wanted: dict[str, Any]) -> None:
        window: Window = (wanted["r0"], wanted["r1"], wanted["c0"], wanted["c1"])
        self._map = self._linked.map(self._at, window)

    def _send_lines(self, _: Any, message: Any, buffers: Any) -> None:
        """A strip wants lines of a map that is not sent whole: see hosts/kernel_lines.js."""
        if not isinstance(message, dict) or message.get("kind") != "lines":
            return
        answer = {"kind": "lines", "number": message.get("number")}
        try:
            lines = self._linked.lines(str(message.get("address")))
            wanted = {name: str(one) for name, one in dict(message.get("asked") or {}).items()}
            self.send(answer, [lines.answer(wanted)])
        except PhenakiVizError:
            self.send(answer)

    # ---- kept and shown

    def save(self, path: str | Path) -> Path:
        """Write it as one HTML page with every head, which draws from disk. Raises ExportError."""
        return saved(self._linked, self._at, path)

    def __repr__(self) -> str:
        return described(self._linked, self._at)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and for where none is live a frame that draws by itself."""
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is None:
            return None
        kinds, about = shown if isinstance(shown, tuple) else (shown, {})
        return {**kinds, "text/html": framed(self._linked, self._at)}, about
