"""Pictures on the page: which component draws what, and what a click on it means."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from phenaki_viz.analysis.cuts import Cut
from phenaki_viz.analysis.tiles import MapTile, pooled
from phenaki_viz.figures import figure_of, flat_figure
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import key_axis, query_axis
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.surface import Surface
from phenaki_viz.figures.words import plain
from phenaki_viz.recording import AttentionRecord, describe_origin
from phenaki_viz.ui import cuts, derived
from phenaki_viz.ui.components.attention_map import (
    MOST_RANKS,
    CellPick,
    WindowWish,
    attention_map,
)
from phenaki_viz.ui.components.axes import MapAxis
from phenaki_viz.ui.components.figure import figure as plotly_figure
from phenaki_viz.ui.components.film_strip import PatchPick, film_strip
from phenaki_viz.ui.components.head_grid import head_grid
from phenaki_viz.ui.selection import Selection, wish

__all__ = ["attention", "grid", "heading", "heatmap", "notes", "plain", "plotly", "strip"]

MOST_CELLS = 324  # values a side that are sent to the browser at once: 210 kB
MOST_CUT_CELLS = 200  # the same where more is sent of each value: what is kept of it, renormalised


def theme() -> Any:
    """'light' or 'dark', as the browser shows it."""
    return "dark" if st.context.theme.type == "dark" else "light"


def heading(text: str, made_by: Mapping[str, Any]) -> None:
    """What is looked at, always in sight, and whether the weights are random."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {text}")
        if made_by.get("random_weights"):
            st.badge(
                "random weights",
                icon=":material/casino:",
                color="orange",
                help=plain(describe_origin(made_by)),
            )


def notes(picture: Picture) -> None:
    """The lines that belong under a picture."""
    st.caption(plain(" · ".join(picture.notes)))


def plotly(picture: Picture, *, key: str, height: int, flat: bool = False) -> None:
    """Curves and surfaces; zoom and camera stay when the data change."""
    if flat and isinstance(picture, Surface):
        drawn = flat_figure(picture, theme(), bare=True)
    else:
        drawn = figure_of(picture, theme(), bare=True)
    plotly_figure(drawn, key=key, height=height, alt=picture.title)


def grid(picture: HeadGrid, *, kind: str = "heads") -> None:
    """Every head as a small map; a click selects it."""
    layers, heads = picture.thumbnails.shape[:2]
    chosen = picture.selected or (0, 0)
    head_grid(
        picture.thumbnails,
        scale=picture.scales,
        layers=picture.layers,
        heads=picture.heads,
        selected=(min(chosen[0], layers - 1), min(chosen[1], heads - 1)),
        values=picture.values,
        value_label=picture.unit if picture.values is not None else None,
        key=f"grid.{kind}",
        on_pick=_pick_head if kind == "heads" else _pick_only_head,
    )
    notes(picture)


def strip(picture: FilmStrip, chosen: Selection, direction: str) -> None:
    """The query's row over the frames; a click moves the query."""
    film_strip(
        picture.frames,
        steps=picture.steps,
        weights=picture.weights,
        query=picture.query,
        grid=chosen.record.places.grid,
        scale=picture.scale,
        uniform=picture.uniform,
        direction=direction,
        key="strip",
        on_pick=_pick_patch,
    )
    notes(picture)


def film(
    picture: FilmStrip, *, key: str, direction: str, unit: str = "weight", bare: bool = False
) -> None:
    """Numbers of every patch over the frames, with nothing to pick; bare: the frames alone."""
    film_strip(
        picture.frames,
        steps=picture.steps,
        weights=picture.weights,
        query=None,
        still=True,
        bare=bare,
        grid=(picture.weights.shape[0], picture.weights.shape[1], picture.weights.shape[2]),
        scale=picture.scale,
        uniform=picture.uniform,
        direction=direction,
        unit=unit,
        key=key,
    )
    if not bare:
        notes(picture)


def attention(chosen: Selection, scale: ColourScale, cut: Cut | None = None) -> MapTile:
    """One head's map, large: exact where it is small or zoomed into, pooled and so named else.

    cut: what is left out of it, and said on it.
    """
    record, at = chosen.record, (chosen.item, chosen.head)
    _, _, i, j = record.map.shape
    tile = shown_tile(chosen, cut)
    exact = tile.cell == (1, 1) and tile.values.size <= MOST_RANKS
    attention_map(
        tile.values,
        total=(i, j),
        window=tile.window,
        cell=tile.cell,
        scale=scale,
        query_axis=axis_of(record, chosen.item, "query"),
        key_axis=axis_of(record, chosen.item, "key"),
        selected_query=chosen.query,
        uniform=tile.uniform,
        ranks=derived.ranks(record, *at, tile) if exact else None,
        cut=cuts.on_map(chosen, tile, cut) if cut else None,
        source=f"{record.module} {at} {i} {j} {id(chosen.recording)} {cut}",
        key="map",
        on_pick=picked_cell(record, chosen.item),
        on_window=_keep_window,
    )
    return tile


def shown_tile(chosen: Selection, cut: Cut | None) -> MapTile:
    """The part of the selected head's map that is on view, as finely as is sent."""
    record = chosen.record
    window = _window(*record.map.shape[2:])
    tile = derived.tile(record, chosen.item, chosen.head, window, MOST_CELLS)
    if cut is None or tile.cell == (1, 1):
        return tile
    return derived.tile(record, chosen.item, chosen.head, window, MOST_CUT_CELLS)


def heatmap(picture: Heatmap, chosen: Selection, *, key: str) -> None:
    """A map that is given whole, such as a mask."""
    values, cell = pooled(picture.values, picture.hidden, MOST_CELLS)
    attention_map(
        values,
        total=(picture.values.shape[0], picture.values.shape[1]),
        cell=cell,
        scale=picture.scale,
        query_axis=axis_of(chosen.record, chosen.item, "query"),
        key_axis=axis_of(chosen.record, chosen.item, "key"),
        selected_query=chosen.query,
        unit=picture.unit,
        source=picture.name,
        key=key,
        on_pick=picked_cell(chosen.record, chosen.item),
    )


def axis_of(record: AttentionRecord, item: int, side: str) -> MapAxis:
    """The queries or keys of a map for the browser, which names the cells itself."""
    axis = query_axis(record, item) if side == "query" else key_axis(record, item)
    nulls = record.num_null_kv if side == "key" else 0
    grouping: dict[str, Any] = {
        "title": side,
        "nulls": nulls,
        "breaks": axis.breaks,
        "groups": axis.groups,
    }
    if side == "key" and record.kind == "cross":
        return MapAxis(words=tuple(plain(word) for word in record.words), **grouping)
    if record.places.batch_counts == "sequence":
        return MapAxis(**grouping)
    origin = record.places.place(record.batch_items[item], 0)
    return MapAxis(grid=record.places.token_grid, origin=origin, **grouping)


def _window(i: int, j: int) -> tuple[int, int, int, int]:
    """The part of the map asked for; the whole of it unless the asked part still exists."""
    asked: WindowWish | None = st.session_state.get("map.window.asked")
    if asked is None or asked["r1"] > i or asked["c1"] > j:
        return 0, i, 0, j
    return asked["r0"], asked["r1"], asked["c0"], asked["c1"]


def _keep_window(asked: WindowWish) -> None:
    st.session_state["map.window.asked"] = asked


def _pick_head(layer: int, head: int) -> None:
    wish(layer=layer, head=head)


def _pick_only_head(_: int, head: int) -> None:
    wish(head=head)


def _pick_patch(pick: PatchPick) -> None:
    wish(step=pick["t"], row=pick["h"], column=pick["w"])


def picked_cell(record: AttentionRecord, item: int) -> Any:
    """What to do with a cell picked on a map: move the query, and the word of cross-attention."""

    def picked(pick: CellPick) -> None:
        step, row, column = record.places.place(record.batch_items[item], pick["query"])
        wish(step=step, row=row, column=column)
        if record.kind == "cross" and pick["key"] is not None:
            st.session_state["word"] = pick["key"]

    return picked
