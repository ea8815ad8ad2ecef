"""Attention: where does each head look?"""

import time
from typing import Any

import streamlit as st

from phenaki_viz.analysis.cuts import Cut
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.figures.attention_views import (
    attention_heatmap,
    head_grid,
    scale_for,
    steps_read,
    words_read,
)
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.cut_notes import cut_heatmap, cut_notes
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.sentences import Direction, patch_sentence
from phenaki_viz.figures.words import listed, plain
from phenaki_viz.recording import describe_holding
from phenaki_viz.runs import model
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import (
    cuts,
    derived,
    heads,
    outcome,
    panels,
    pinned,
    selection,
    shows,
    slices,
    switchboard,
)
from phenaki_viz.ui.colours import choose_colours
from phenaki_viz.ui.exporting import export_all_heads, export_row, is_exportable
from phenaki_viz.ui.selection import Selection
from phenaki_viz.ui.views.attention_video import Look, draw_over_video

_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
DIRECTIONS = {"row": "Where it looks", "column": "Who looks at it"}
# The map goes first, and then the script pauses: browser and server share the cores, and all else
# would keep the map waiting for about 100 ms.
BREATH = 0.08


@st.fragment
def attention_page(run: Run) -> None:
    """The film strip, the grid of heads, one head large."""
    draw_attention(run)


def draw_attention(run: Run, tag: panels.Level = "h1") -> None:
    """The same, inside another page. tag: the level of its heading there."""
    recording = run.recording
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        records = selection.choose_stack(recording)
        shared, colours = choose_colours()
    if not records:
        panels.nothing("Attention", "Depth 0: there is no attention to show. Turn the depth up.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = selection.choose(recording, records)
        look = Look(shared, colours, _choose_direction())
    slices.draw_place()
    scale = _scale(run, chosen, look)
    words = st.container(gap="xxsmall")
    with (
        words,
        st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ),
    ):
        patch = panels.the_patch(chosen, look.direction)
        panels.heading(
            chosen.shown.title, recording.made_by, _of(chosen, look), patch=patch, tag=tag
        )
        if isinstance(run, model.Look):
            _switch(chosen)
    with words:
        told = st.container(gap="xxsmall")
    over = st.container()
    left, right = st.columns([5, 6], gap="medium")
    panels.share_choice(chosen, look.direction)
    with right:
        cut = cuts.choose(run, chosen)
        map_scale = _scale_of_cut(run, chosen, look, cut) if cut and cut.without else scale
        tile = panels.shown_tile(chosen, cut)
        said = _said(chosen, tile, cut)
        panels.attention(chosen, tile, map_scale, cut, notes=said, shows=shows.a_head(chosen))
    if st.session_state.get("drawn.recording") is not recording:  # a click need not wait
        time.sleep(BREATH)
    st.session_state["drawn.recording"] = recording
    with told:
        _sentences(run, chosen, look)
    with over:
        draw_over_video(run, chosen, _scale_of_weights(run, chosen, look), look)
    with right:
        _under_map(chosen, map_scale, tile, cut)
    with left:
        _grid(run, chosen, look)
        _reads(chosen)
    pinned.draw(run, chosen, look.colours)
    if isinstance(run, model.Look | RecordedRun):
        outcome.draw(run)


def _sentences(run: Run, chosen: Selection, look: Look) -> None:
    """What the patch and the head do, in words, each clause with its figure."""
    direction: Direction = "column" if look.direction == "column" else "row"
    of = {"map": shows.a_head(chosen)}
    patch = patch_sentence(chosen.shown, chosen.place, direction)
    panels.say(patch, of, key="sentence.patch")
    panels.say(derived.head_sentence_of(run, chosen), of, key="sentence.head", aside=True)


def _switch(chosen: Selection) -> None:
    """Switch the head off, or on again; the effect on the output is said above the page."""
    module, head = chosen.record.module, chosen.record.heads[chosen.head]
    off = switchboard.is_off(module, head)
    pressed = st.button(
        "Switch this head on" if off else "Switch this head off",
        icon=":material/toggle_off:" if off else ":material/toggle_on:",
        on_click=switchboard.toggle,
        args=(module, head),
        key="switch.head",
    )
    if pressed:  # the whole page: what comes out has changed
        st.rerun()


def _choose_direction() -> str:
    chosen = st.segmented_control(
        "Direction",
        list(DIRECTIONS),
        format_func=DIRECTIONS.__getitem__,
        default="row",
        key="direction",
        required=True,
        label_visibility="collapsed",
        **_BOUND,
    )
    return chosen or "row"


def _choose_colouring(chosen: Selection) -> str:
    """What the tiles of the grid show: the maps, or a metric."""
    measures = derived.measures_for(chosen.record)
    options = ["map", *measures]
    if st.session_state.get("grid", "map") not in options:
        st.session_state["grid"] = "map"
    colouring = st.selectbox(
        "Grid shows",
        options,
        format_func=lambda name: measures[name].title if name in measures else "the maps",
        key="grid",
        width=190,
        **_BOUND,
    )
    return colouring or "map"


def _of(chosen: Selection, look: Look) -> dict[str, str]:
    """What the pictures of the page have to be of, for its heading to be true."""
    head, stack = shows.a_head(chosen), shows.a_stack(chosen)
    of = {"map": head, "strip": f"{head} {look.direction}", "grid.heads": stack, "pinned": stack}
    patch = f"{head} patch {{place}}"
    return of | ({"words": patch} if chosen.record.kind == "cross" else {"steps": patch})


def _scale(run: Run, chosen: Selection, look: Look) -> ColourScale:
    """A part of a map, or means of many weights, get ends of their own: beside the largest weight
    of a long video nearly all of it would be black.
    """
    tile = panels.shown_tile(chosen, None)
    _, _, i, j = chosen.record.map.shape
    if not look.shared and (tile.cell != (1, 1) or tile.window != (0, i, 0, j)):
        what = "weights" if tile.cell == (1, 1) else "means"
        return look.colours.over(*drawn_range(tile.values), f"{what} on view")
    return _scale_of_weights(run, chosen, look)


def _scale_of_weights(run: Run, chosen: Selection, look: Look) -> ColourScale:
    """Of single weights: the head's, or that of all of them."""
    if look.shared:
        return look.colours.of(derived.range_of_all(run, chosen), "all heads and layers")
    own = derived.range_of(run, chosen.record, chosen.item, chosen.head)
    return look.colours.of(own, "this head")


def _scale_of_cut(run: Run, chosen: Selection, look: Look, cut: Cut) -> ColourScale:
    high = derived.highest_left(run, chosen, cut)
    return scale_for(high, law=look.colours.law, scope="this head, renormalised")


def _reads(chosen: Selection) -> None:
    """What the query reads: words of the text, or time steps where the map runs over time."""
    if chosen.record.kind == "cross":
        bars = words_read(chosen.shown, chosen.place)
        panels.plotly(bars, key="words", height=240, shows=shows.a_patch(chosen))
        export_row(bars.name, lambda: bars, "words")
    else:
        _by_step(chosen)


def _by_step(chosen: Selection) -> None:
    if chosen.record.places.token_grid[0] == 1:
        return
    # Closed at first: the plotting library is large, and the map must not wait for it.
    box = st.expander(
        "The query's attention by time step",
        icon=":material/show_chart:",
        key="by.step",
        on_change="rerun",
    )
    if not box.open:
        return
    picture = steps_read(chosen.shown, chosen.place)
    with box:
        panels.plotly(picture, key="steps", height=220, shows=shows.a_patch(chosen))
        export_row(picture.name, lambda: picture, "steps")


def _grid(run: Run, chosen: Selection, look: Look) -> None:
    colouring = _choose_colouring(chosen)
    shown = derived.thumbs(run, chosen)
    if shown is None:
        st.caption("The heads of a long video take a while to draw.")
        st.button("Draw all heads", on_click=derived.draw_thumbs, key="thumbs.draw")
        return
    scales: Any
    if look.shared:
        scales = look.colours.over(*drawn_range(shown.values), "all heads and layers")
    else:
        scales = derived.scale_each(shown.values, look.colours)
    values, name, measure = None, "", None
    if colouring != "map":
        measure = derived.measures_for(chosen.record)[colouring]
        values = derived.table(run, chosen, colouring)
        name = f"{measure.title} ({measure.unit})" if measure.unit else measure.title
    picture = head_grid(
        run.recording,
        chosen.records,
        shown,
        scales,
        selected=(chosen.layer, chosen.head),
        values=values,
        value_name=name,
    )
    heads.draw(picture, chosen, look.colours, heads.choose_sorting(measure))
    export_row(picture.name, lambda: picture, "grid")
    if is_exportable(chosen):
        export_all_heads(run, chosen, look.colours, shared=look.shared)


def _said(chosen: Selection, tile: MapTile, cut: Cut | None) -> tuple[str, ...]:
    """What the map does not say itself: reduction, how it is held, verification."""
    y, x = tile.cell
    drawn = "every weight" if (y, x) == (1, 1) else f"mean of {y} × {x} weights, zoom for each"
    left_out = cut_notes(chosen.shown, cut) if cut else ()
    held = describe_holding(chosen.recording)
    return (plain(" · ".join((drawn, *left_out, held))), *_checked(chosen))


def _checked(chosen: Selection) -> tuple[str, ...]:
    checked = chosen.record.verification
    if not checked or chosen.record.failed:  # what failed is said above the page
        return ()
    return (plain(checked.said),)


def _whole_map(chosen: Selection, scale: ColourScale, cut: Cut | None) -> Heatmap:
    picture = attention_heatmap(chosen.shown, scale)
    return cut_heatmap(picture, chosen.shown, cut) if cut else picture


def _under_map(chosen: Selection, scale: ColourScale, tile: MapTile, cut: Cut | None) -> None:
    """Wrong rows, and the way to take the map away."""
    if tile.wrong:
        st.warning(
            f"{len(tile.wrong)} rows are not a distribution and are not drawn: "
            f"{listed(tile.wrong)}",
            icon=":material/error:",
        )
    if is_exportable(chosen):
        export_row(chosen.shown.stem, lambda: _whole_map(chosen, scale, cut), "map")
