"""What is computed from a run for a page and worth keeping while the run is on screen."""

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st

from phenaki_viz.analysis.cuts import Cut, highest_weight
from phenaki_viz.analysis.measures import Measure, applicable, head_table, largest_weight
from phenaki_viz.analysis.sinks import Sinks, sink_keys
from phenaki_viz.analysis.thumbnails import Thumbnails, thumbnails
from phenaki_viz.analysis.tiles import MapTile, Window, map_tile
from phenaki_viz.figures.attention_views import scale_for
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.recording import AttentionMap, AttentionRecord, PositionBias, evaluate_bias
from phenaki_viz.recording.run import Run
from phenaki_viz.ui import errands
from phenaki_viz.ui.errands import Errand
from phenaki_viz.ui.runs import Tell
from phenaki_viz.ui.selection import Selection

T = TypeVar("T")
AT_ONCE = 20_000_000  # weights that are gone through in no time to speak of
# Goes with the run: nothing here keeps maps alive.
_kept: WeakKeyDictionary[Run, dict[Any, Any]] = WeakKeyDictionary()
_tiles: WeakKeyDictionary[AttentionMap, OrderedDict[Any, MapTile]] = WeakKeyDictionary()
MOST_TILES = 48  # of one module; at most 1 MB each
NO_THUMBS = "thumbs.held"


def thumbs(run: Run, chosen: Selection) -> Thumbnails | None:
    """Thumbnails of every head of the chosen stack; None while nobody wants to wait for them."""
    key = ("thumbs", chosen.record.stack, chosen.record.kind, *chosen.items)

    def make(tell: Tell | None = None) -> Thumbnails:
        return _once(
            run, key, lambda: thumbnails(chosen.records, chosen.items, on_progress=tell)
        )  # fmt: skip

    if key in _kept.get(run, {}) or not _is_long(chosen):
        return make()
    if st.session_state.get(NO_THUMBS) == (id(run), key):
        return None
    held = partial(st.session_state.__setitem__, NO_THUMBS, (id(run), key))
    errands.send(Errand((id(run), key), make, "Drawing the heads:", held))


def draw_thumbs() -> None:
    """Ask for thumbnails again that were cancelled; a callback."""
    st.session_state.pop(NO_THUMBS, None)


def tile(record: AttentionRecord, item: int, head: int, window: Window, most: int) -> MapTile:
    """A window of one map as the browser draws it; the last ones that were looked at are kept."""
    kept = _tiles.setdefault(record.map, OrderedDict())
    key = item, head, window, most
    if key not in kept:
        kept[key] = map_tile(record, item, head, window, most)
        while len(kept) > MOST_TILES:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def highest_drawn(tile: MapTile) -> float:
    """The largest value of a tile; 1 when nothing is drawn."""
    drawn = tile.values[np.isfinite(tile.values)]
    return float(drawn.max()) if drawn.size else 1.0


def high(run: Run, record: AttentionRecord, item: int, head: int) -> float:
    """The largest weight of one head."""
    return _once(
        run, ("high", record.module, item, head), lambda: largest_weight(record, item, head)
    )


def highest(run: Run, chosen: Selection) -> float:
    """The largest weight of all heads and layers of the stack, for one common scale."""
    heads = [
        (record, item, head)
        for record, item in zip(chosen.records, chosen.items, strict=True)
        for head in range(len(record.heads))
    ]
    key = ("highest", chosen.record.stack, chosen.record.kind, *chosen.items)

    def make(tell: Tell | None = None) -> float:
        found = []
        for done, one in enumerate(heads, start=1):
            found.append(high(run, *one))
            if tell:
                tell(done, len(heads))
        return _once(run, key, lambda: max(found))

    if _is_long(chosen) and key not in _kept.get(run, {}):
        doing = "Looking for the largest weight:"
        errands.send(Errand((id(run), key), make, doing, _back_to_one_head))
    return make()


def sinks(run: Run, chosen: Selection) -> Sinks:
    """The sinks of the selected head."""
    record, item, head = chosen.record, chosen.item, chosen.head
    return _once(
        run, ("sinks", record.module, record.call, item, head),
        lambda: sink_keys(record, item, head),
    )  # fmt: skip


def highest_left(run: Run, chosen: Selection, cut: Cut) -> float:
    """The largest weight of the selected head as a cut leaves it."""
    record, item, head = chosen.record, chosen.item, chosen.head
    return _once(
        run, ("highest left", record.module, record.call, item, head, cut.without),
        lambda: highest_weight(record, item, head, cut),
    )  # fmt: skip


def table(run: Run, chosen: Selection, measure: str) -> np.ndarray:
    """One metric of every head of the stack, 'l h'."""
    items = chosen.items
    key = ("table", measure, chosen.record.stack, chosen.record.kind, *items)

    def make(tell: Tell | None = None) -> np.ndarray:
        return _once(run, key, lambda: head_table(chosen.records, chosen.items, measure, tell))

    if _is_long(chosen) and key not in _kept.get(run, {}):
        doing = "Measuring the heads:"
        errands.send(Errand((id(run), key), make, doing, _back_to_maps))
    return make()


def _is_long(chosen: Selection) -> bool:
    """Whether to go through all maps of the stack takes long enough for a bar."""
    weights = sum(math.prod(record.map.shape[1:]) for record in chosen.records)
    return weights > (AT_ONCE if chosen.record.map.held == "by parts" else 4 * AT_ONCE)


def _back_to_one_head() -> None:
    st.session_state["scale"] = "head"


def _back_to_maps() -> None:
    st.session_state["grid"] = "map"


def measures_for(record: AttentionRecord) -> dict[str, Measure]:
    """The metrics that mean something for this kind of map."""
    return applicable(record)


def scale_each(thumbs: np.ndarray, log: bool) -> tuple[tuple[ColourScale, ...], ...]:
    """A colour scale for each of the thumbnails 'l h y x' by itself, 'l h'."""
    highs = np.where(np.isfinite(thumbs), thumbs, 0).max(axis=(2, 3))
    return tuple(
        tuple(scale_for(high, log=log, scope="this head") for high in row) for row in highs
    )


def _once(run: Run, key: Any, make: Callable[[], T]) -> T:
    kept = _kept.setdefault(run, {})
    if key not in kept:
        kept[key] = make()
    return kept[key]


def extrapolated(run: Run, used: PositionBias, times: int) -> PositionBias:
    """The position bias asked for `times` the rows and columns the model ran on."""
    if times == 1:
        return used
    *time, rows, columns = used.dimensions
    return _once(
        run, ("bias", used.module, times),
        lambda: evaluate_bias(run.model, used.module, (*time, rows * times, columns * times)),
    )  # fmt: skip
