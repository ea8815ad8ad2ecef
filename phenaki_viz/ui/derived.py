"""What is computed from a run for a page and worth keeping while the run is on screen."""

import math
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st

from phenaki_viz.analysis.cuts import Cut, highest_weight
from phenaki_viz.analysis.measures import Measure, applicable, head_table
from phenaki_viz.analysis.sinks import Sinks, sink_keys
from phenaki_viz.analysis.thumbnails import Thumbnails, thumbnails
from phenaki_viz.figures.attention_views import scale_for
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.recording import AttentionRecord, PositionBias, evaluate_bias
from phenaki_viz.recording.run import Run
from phenaki_viz.ui import errands
from phenaki_viz.ui.errands import Errand
from phenaki_viz.ui.runs import Tell
from phenaki_viz.ui.selection import Selection

T = TypeVar("T")
AT_ONCE = 20_000_000  # weights whose metrics take no time to speak of
# Goes with the run: nothing here keeps maps alive.
_kept: WeakKeyDictionary[Run, dict[Any, Any]] = WeakKeyDictionary()


def thumbs(run: Run, chosen: Selection) -> Thumbnails:
    """Thumbnails of every head of the chosen stack."""
    items = chosen.items
    return _once(
        run, ("thumbs", chosen.record.stack, chosen.record.kind, *items),
        lambda: thumbnails(chosen.records, items),
    )  # fmt: skip


def highest(run: Run, chosen: Selection) -> float:
    """The largest weight of all heads and layers of the stack, for one common scale."""
    items = chosen.items
    return _once(
        run, ("highest", chosen.record.stack, chosen.record.kind, *items),
        lambda: max(
            float(np.nanmax(record.map.full(item, head)))
            for record, item in zip(chosen.records, items, strict=True)
            for head in range(len(record.heads))
        ),
    )  # fmt: skip


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

    weights = sum(math.prod(record.map.shape[1:]) for record in chosen.records)
    if weights > AT_ONCE and key not in _kept.get(run, {}):
        doing = "Measuring the heads:"
        errands.send(Errand((id(run), key), make, doing, _back_to_maps))
    return make()


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
