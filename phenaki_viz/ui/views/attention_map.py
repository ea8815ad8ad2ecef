"""Attention, the large map: where its colours end, what is said of it, its files."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from phenaki_viz.analysis.multiples import tile_multiples
from phenaki_viz.analysis.row_filter import RowFilter
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.figures.attention_views import attention_heatmap
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.filter_notes import filter_notes, filtered_heatmap
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.part_of_map import part_of_map
from phenaki_viz.figures.words import listed, plain, powers
from phenaki_viz.nouns import subject
from phenaki_viz.recording import describe_storage
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.sections import maps, panels
from phenaki_viz.ui.sections.downloads import export_icon, is_exportable
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.views.attention_video import MapColours
from phenaki_viz.ui.work import computed

PARTS = {"part": "This part", "whole": "Whole map"}


def scale_of(run: Run, selection: Selection, look: MapColours) -> ColourScale:
    """The colours of the map on view.

    A part of a map, or means of many weights, get ends of their own: beside the largest weight of a
    long video nearly all of it would be black.
    """
    tile = maps.shown_tile(selection, None)
    _, _, i, j = selection.record.map.shape
    if not look.shared and (tile.cell != (1, 1) or tile.window != (0, i, 0, j)):
        what = "weights" if tile.cell == (1, 1) else "means"
        values = tile_multiples(tile) if look.of_uniform else tile.values
        return look.colours.over(*drawn_range(values), f"{what} on view")
    return scale_of_weights(run, selection, look)


def scale_of_weights(run: Run, selection: Selection, look: MapColours) -> ColourScale:
    """The colours of single weights: the head's, or those of all heads."""
    if look.shared:
        every = computed.range_of_all(run, selection, look.of_uniform)
        return look.colours.of(every, "all heads and layers")
    own = computed.range_of(run, selection.record, selection.item, selection.head, look.of_uniform)
    return look.colours.of(own, "this head")


def scale_of_cut(run: Run, selection: Selection, look: MapColours, cut: RowFilter) -> ColourScale:
    """The colours of what a cut leaves, divided anew; multiples of uniform are of raw weights."""
    high = computed.highest_left(run, selection, cut)
    colours = replace(look.colours, law="sqrt", ends=None) if look.of_uniform else look.colours
    return colours.over(high, high, "this head, renormalised")


def said_of(selection: Selection, tile: MapTile, cut: RowFilter | None) -> tuple[str, str]:
    """What the map does not say itself: reduction, how it is stored, verification. In few words,
    for the line under it, and whole, for who points at that.
    """
    y, x = tile.cell
    drawn = "every weight" if (y, x) == (1, 1) else f"mean of {y} × {x} weights, zoom for each"
    left_out = filter_notes(selection.shown, cut) if cut else ()
    checked = None if selection.record.failed else selection.record.verification
    brief, long = (
        powers(plain(" · ".join((drawn, *left_out, stored, *checks)), panels.LONGEST_LINE))
        for stored, checks in (
            (describe_storage(selection.recording, why=False), [checked.brief] if checked else []),
            (describe_storage(selection.recording), [checked.said] if checked else []),
        )
    )
    return brief, long


def _whole_map(selection: Selection, scale: ColourScale, cut: RowFilter | None) -> Heatmap:
    picture = attention_heatmap(selection.shown, scale)
    return filtered_heatmap(picture, selection.shown, cut) if cut else picture


def say_wrong_rows(tile: MapTile) -> None:
    """A warning, where rows on view are no distribution."""
    if tile.wrong:
        st.warning(
            f"{subject(len(tile.wrong), 'row', 'is', 'are')} not a distribution and not drawn: "
            f"{listed(tile.wrong)}",
            icon=":material/error:",
        )


def take_map(selection: Selection, scale: ColourScale, cut: RowFilter | None) -> None:
    """The map as files: of a zoomed one the part that is on view, unless the whole is asked for."""
    if not is_exportable(selection):
        return

    def whole() -> Heatmap:
        return _whole_map(selection, scale, cut)

    def choose() -> tuple[str, Callable[[], Heatmap]]:
        window = maps.zoomed_to(selection)
        name = selection.shown.stem
        if window is None or _choose_part() == "whole":
            return name, whole
        r0, r1, c0, c1 = window
        return f"{name}_rows_{r0}-{r1 - 1}_columns_{c0}-{c1 - 1}", lambda: part_of_map(
            whole(), window
        )

    export_icon("the map", selection.shown.stem, whole, "map", choose)


def _choose_part() -> str:
    chosen = st.segmented_control(
        "Which part",
        list(PARTS),
        format_func=PARTS.__getitem__,
        default="part",
        key=named("map.part"),
        required=True,
    )
    return chosen or "part"
