"""Inside a head, its maps: every term, what they come to, and what it would be without some."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from phenaki_viz.analysis.cells import Cells
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.browser.map_message import MapPicture, MapView
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.figures.attention_views import attention_heatmap
from phenaki_viz.figures.colour import DIVERGING, ColourScale
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.ledger_sentences import NAMES, counterfactual_name
from phenaki_viz.figures.ledger_views import (
    WRITTEN,
    counterfactual_heatmap,
    term_heatmap,
    term_scale,
    unknown_note,
    written_heatmap,
)
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.ui.components.attention_map import attention_map
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon, is_exportable
from phenaki_viz.ui.sections.maps import picked_cell
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import computed, ledgers, shows
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    import numpy as np

MOST_CELLS = 324  # values a side of each map: every cell of the dial's own clip


@dataclass(frozen=True)
class Look:
    """What is looked at of a head. of: its weights, or weight × ‖v W_O‖. key: of the chosen row.

    terms: names of all there are. only: those that count on the last map; () where there is one.
    """

    of: str
    key: int
    terms: tuple[str, ...]
    only: tuple[str, ...]


def draw_maps(selection: Selection, of_map: OfMap, look: Look) -> None:
    """Side by side: the terms on one scale around 0, the weights, and a counterfactual map."""
    maps = ledgers.maps_of(selection, MOST_CELLS)
    palette = DIVERGING[panels.theme()]
    scale = term_scale(maps, palette)
    for at, (name, values) in enumerate(maps.values.items()):
        title = NAMES[name] if at == 0 else f"+ {NAMES[name]}"
        lost = unknown_note(maps) if name == "content" else ()
        _map(selection, of_map, _Named(name, title, "logit", also=lost), values, maps.cells, scale)
    _weights(selection, of_map, look, maps.cells)
    if look.only:
        values = ledgers.map_if_only(selection, look.only, MOST_CELLS)
        title = counterfactual_name(look.only, look.terms)
        of_some = _Named("only", title, "weight it would be", aside="hypothetical")
        scale = Colours("sqrt").over(*drawn_range(values), "this map")
        _map(selection, of_map, of_some, values, maps.cells, scale)


def _weights(selection: Selection, of_map: OfMap, look: Look, cells: Cells) -> None:
    """What the terms come to: the head's own map, or how much is written by it."""
    unit, title = ("weight", "→ weight") if look.of == "weight" else (WRITTEN, f"→ {WRITTEN}")
    values = ledgers.written_of(selection, MOST_CELLS) if look.of == "written" else None
    if values is None:
        values = _weights_shown(selection, cells)
    _map(selection, of_map, _Named("weight", title, unit), values, cells, _scale(values))


def _weights_shown(selection: Selection, cells: Cells) -> "np.ndarray":
    """As the Attention page marks them; of a long map those that are read."""
    if not cells.is_mean:
        some = ledgers.weights_of(selection, MOST_CELLS)
        if some is not None:
            return some
    _, _, i, j = selection.record.map.shape
    window = (0, i, 0, j)
    return computed.tile(
        selection.record, selection.item, selection.head, window, MOST_CELLS
    ).values


def _scale(values: "np.ndarray") -> ColourScale:
    return Colours("sqrt").over(*drawn_range(values), "this head")


@dataclass(frozen=True)
class _Named:
    """What a map is called. name: in keys. aside: beside its title. also: notes of its own."""

    name: str
    title: str
    unit: str
    aside: str = ""
    also: tuple[str, ...] = ()


def _map(
    selection: Selection,
    of_map: OfMap,
    drawn: _Named,
    values: "np.ndarray",
    cells: Cells,
    scale: ColourScale,
) -> None:
    record, item = selection.record, selection.item
    of = f"{record.module} {item} {selection.head} {number_of(record.map)}"
    _, _, i, j = record.map.shape
    y, x = cells.cell
    reduced = () if cells.cell == (1, 1) else (f"mean of {y} × {x} cells",)
    if not cells.is_mean:
        reduced = (f"one query of {y}, mean of {x} keys",)
    # What the map says of a cell that is pointed at, before "of 64 × 64 cells".
    how: Any = "mean" if cells.is_mean else "one query's mean"
    with st.container(key=named(f"inside.map.{drawn.name}")):
        st.markdown(f"**{drawn.title}**" + (f" *{drawn.aside}*" if drawn.aside else ""))
        picture = MapPicture(
            values=values,
            total=(i, j),
            cell=cells.cell,
            reduce=how,
            scale=scale,
            query=of_map.query,
            key=of_map.key,
            unit=drawn.unit,
            source=f"{drawn.name} {drawn.title} {of}",
            notes=(*drawn.also, *reduced),
        )
        view = MapView(link=of_map.link, shows=shows.a_head(selection))
        picked = picked_cell(record, item, directed=False)
        attention_map(picture, view, key=f"inside.{drawn.name}", on_pick=picked)


def take_maps(selection: Selection, look: Look) -> None:
    """Every map of the page as a file, every cell of it."""
    if not is_exportable(selection):
        return
    kinds = {name: NAMES[name] for name in look.terms} | {"weight": "weight"}
    if selection.shown.map.value_norms is not None:
        kinds["written"] = WRITTEN
    if look.only:
        kinds["only"] = counterfactual_name(look.only, look.terms)

    def choose() -> tuple[str, Callable[[], Heatmap]]:
        kind = st.radio(
            "Which map", list(kinds), format_func=kinds.__getitem__, key=named("inside.take")
        )
        return f"{selection.shown.stem}_{kind}", lambda: whole_map(
            selection, look, kind or "weight"
        )

    first = next(iter(kinds))
    export_icon("a map", first, lambda: whole_map(selection, look, first), "inside.maps", choose)


def whole_map(selection: Selection, look: Look, kind: str) -> Heatmap:
    """One of the maps, every cell."""
    shown, most = selection.shown, max(selection.record.map.shape[2:])
    if kind in look.terms:
        maps = ledgers.maps_of(selection, most)
        return term_heatmap(shown, kind, maps.values[kind], term_scale(maps, DIVERGING["light"]))
    if kind == "only":
        values = ledgers.map_if_only(selection, look.only, most)
        scale = Colours("sqrt").over(*drawn_range(values), "this map")
        return counterfactual_heatmap(shown, look.only, values, scale, look.terms)
    written = ledgers.written_of(selection, most) if kind == "written" else None
    if written is not None:
        return written_heatmap(shown, written, _scale(written))
    return attention_heatmap(shown, _scale(shown.map.tile((0, shown.map.shape[0]))))
