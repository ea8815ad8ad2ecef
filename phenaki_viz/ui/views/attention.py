"""Attention: where does each head look?"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.analysis.multiples import tile_multiples
from phenaki_viz.analysis.row_filter import RowFilter
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.figures.attention_views import attention_heatmap
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.filter_notes import filter_notes, filtered_heatmap
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import family
from phenaki_viz.figures.part_of_map import part_of_map
from phenaki_viz.figures.read_views import steps_read, words_read
from phenaki_viz.figures.sentences import patch_clause
from phenaki_viz.figures.words import listed, plain, powers
from phenaki_viz.recording import Recording, describe_storage
from phenaki_viz.runs import model
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.painted import wait_for_paint
from phenaki_viz.ui.sections import goto, map_filter, maps, outcome, panels, pinned_heads
from phenaki_viz.ui.sections.colours import choose_colours, keep_ends
from phenaki_viz.ui.sections.downloads import export_icon, is_exportable
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import ablation
from phenaki_viz.ui.state.selection import FIRST_FAMILIES, Selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.views.attention_grid import draw_grid
from phenaki_viz.ui.views.attention_style import STYLE
from phenaki_viz.ui.views.attention_video import MapColours, choose_word, draw_overlay
from phenaki_viz.ui.work import (
    computed,
    first_picture,
    fragment_jobs,
    head_words,
    shows,
    surveys,
)

if TYPE_CHECKING:
    import numpy as np

PARTS = {"part": "This part", "whole": "Whole map"}
DIRECTIONS = {"row": "Where it looks", "column": "Who looks at it"}
# The map goes first, and then the script pauses until the browser has painted it: the two share
# the cores, and what else is said would be drawn before the map. Seconds at most: of a page's first
# map, and of a later one, where a slider that moves on must not wait.
FIRST, LATER = 2.0, 0.4


@fragment
def attention_page(run: Run) -> None:
    """The film strip, the grid of heads, one head large."""
    draw_attention(run)


def draw_attention(run: Run, tag: panels.Level = "h1", masked: "np.ndarray | None" = None) -> None:
    """The film strip, the grid of heads, one head large, inside another page.

    tag: the level of its heading there. masked: 't h w' bool, patches that MaskGit was not shown;
    of a run of a model they are known.
    """
    st.html(session.styled(STYLE))
    if masked is None and isinstance(run, model.ModelRun | RecordedRun):
        masked = run.outcome.masked
    with st.container(key=named("attention")):
        _draw(run, tag, masked)


def _draw(run: Run, tag: panels.Level, masked: "np.ndarray | None") -> None:
    recording = run.recording
    words, tools = st.container(key=named("words.said")), _row("toolbar", gap="small")
    with tools:
        records = choose_stack(recording)
    if not records:
        panels.nothing("Attention", "Depth 0: there is no attention to show. Turn the depth up.")
        return
    with words:
        selection = goto.choose(recording, records)
    with tools:
        direction = _choose_direction(selection)
        if isinstance(run, model.ModelRun):
            _switch(selection)
    over = st.container(key=named("over"))
    pictures = st.container(horizontal=True, gap="medium", key=named("pictures"))
    with pictures:
        left, right = st.container(key=named("heads.side")), st.container(key=named("map.side"))
    below = st.container()
    with below:
        fragment_jobs.draw_place()
    with over:  # before the map on the page, so that it is heard before the map is painted
        panels.share_choice(selection, direction)
    with right:
        map_tools = _row("map.tools", gap="xsmall")
    with map_tools:
        shared, colours = choose_colours()
        seen_by_maskgit = family(selection.record) in FIRST_FAMILIES
        look = MapColours(shared, colours, direction, masked if seen_by_maskgit else None)
        row_filter = map_filter.choose(run, selection)
    scale = _scale(run, selection, look)
    with words:
        _heading(run, selection, look, tag)
    with right:
        map_scale = (
            _scale_of_filter(run, selection, look, row_filter)
            if row_filter and row_filter.without
            else scale
        )
        tile = maps.shown_tile(selection, row_filter)
        brief, whole = _said(selection, tile, row_filter)
        maps.attention(
            selection, tile, map_scale, row_filter, notes=(brief,), about=whole,
            shows=shows.a_head(selection), on_ends=partial(keep_ends, map_scale.law),
        )  # fmt: skip
    first_picture.show()
    _breathe(recording)
    first_picture.release()
    long = surveys.is_long(selection)
    if not long:
        with words:
            _say_of_head(run, selection)
    with over:
        draw_overlay(run, selection, _scale_of_weights(run, selection, look), look)
    if long:  # half a second of work
        with words:
            _say_of_head(run, selection)
    with map_tools:
        _take_map(selection, map_scale, row_filter)
    with right:
        _wrong_rows(tile)
    if not long:
        with left:
            draw_grid(run, selection, look)
    with below:
        _reads(selection)
    pinned_heads.draw(run, selection, look.colours)
    if isinstance(run, model.ModelRun | RecordedRun):
        outcome.draw(run)
    if long:  # read for minutes: after all else is there
        with left:
            draw_grid(run, selection, look)
        surveys.go_on(run, selection)


def _breathe(recording: Recording) -> None:
    """Leave the browser alone with a map of another recording; a click need not wait."""
    drawn = session.get("drawn.recording")
    session.put("drawn.recording", recording)
    if drawn is not recording:
        wait_for_paint(FIRST if drawn is None else LATER)


def _row(key: str, *, gap: Any) -> DeltaGenerator:
    """A line of controls."""
    return st.container(horizontal=True, vertical_alignment="center", gap=gap, key=named(key))


def _heading(run: Run, selection: Selection, look: MapColours, tag: panels.Level) -> None:
    """What the chosen patch does, in a sentence that begins with the names of head and patch."""
    panels.heading(
        selection.shown.name,
        run.recording.provenance,
        _of(selection, look),
        patch=panels.the_patch(selection, look.direction),
        tag=tag,
        tells=patch_clause(selection.shown, selection.place, look.side),
        opens=goto.KEY,
    )


def _say_of_head(run: Run, selection: Selection) -> None:
    of = {"map": shows.a_head(selection)}
    panels.say(head_words.sentence_of(run, selection), of, key="sentence.head", aside=True)


def _switch(selection: Selection) -> None:
    """Switch the head off, or on again; the effect on the output is said above the page."""
    module, head = selection.record.module, selection.record.heads[selection.head]
    off = ablation.is_off(module, head)
    pressed = st.button(
        "Switch on" if off else "Switch off",
        icon=":material/toggle_off:" if off else ":material/toggle_on:",
        on_click=ablation.toggle,
        args=(module, head),
        key=named("switch.head"),
        help="Run the model without what this head adds; what comes out then is said above",
    )
    if pressed:  # the whole page: what comes out has changed
        st.rerun()


def _choose_direction(selection: Selection) -> str:
    """Whether a patch looks or is looked at; of cross-attention, whose word is looked at."""
    if selection.record.reads_words:
        choose_word(selection)
        return "row"
    asked = st.segmented_control(
        "Direction",
        list(DIRECTIONS),
        format_func=DIRECTIONS.__getitem__,
        default="row",
        key=named("direction"),
        required=True,
        label_visibility="collapsed",
        **BOUND,
    )
    return asked or "row"


def _of(selection: Selection, look: MapColours) -> dict[str, str]:
    """What the pictures of the page have to be of, for its heading to be true."""
    head, stack = shows.a_head(selection), shows.a_stack(selection)
    of = {"map": head, "strip": f"{head} {look.direction}", "grid.heads": stack, "pinned": stack}
    patch = f"{head} patch {{place}}"
    return of | ({"words": patch} if selection.record.reads_words else {"steps": patch})


def _scale(run: Run, selection: Selection, look: MapColours) -> ColourScale:
    """A part of a map, or means of many weights, get ends of their own: beside the largest weight
    of a long video nearly all of it would be black.
    """
    tile = maps.shown_tile(selection, None)
    _, _, i, j = selection.record.map.shape
    if not look.shared and (tile.cell != (1, 1) or tile.window != (0, i, 0, j)):
        what = "weights" if tile.cell == (1, 1) else "means"
        values = tile_multiples(tile) if look.of_uniform else tile.values
        return look.colours.over(*drawn_range(values), f"{what} on view")
    return _scale_of_weights(run, selection, look)


def _scale_of_weights(run: Run, selection: Selection, look: MapColours) -> ColourScale:
    """Of single weights: the head's, or that of all of them."""
    if look.shared:
        every = computed.range_of_all(run, selection, look.of_uniform)
        return look.colours.of(every, "all heads and layers")
    own = computed.range_of(run, selection.record, selection.item, selection.head, look.of_uniform)
    return look.colours.of(own, "this head")


def _scale_of_filter(
    run: Run, selection: Selection, look: MapColours, row_filter: RowFilter
) -> ColourScale:
    """Of what is left, divided anew; a multiple of uniform is one of the raw weight."""
    high = computed.highest_left(run, selection, row_filter)
    colours = replace(look.colours, law="sqrt", ends=None) if look.of_uniform else look.colours
    return colours.over(high, high, "this head, renormalised")


def _reads(selection: Selection) -> None:
    """What the query reads: words of the text, or time steps where the map runs over time."""
    if selection.record.reads_words:
        bars = words_read(selection.shown, selection.place)
        panels.plotly(bars, key="words", height=240, shows=shows.a_patch(selection))
        export_icon("the words read", bars.name, lambda: bars, "words")
    else:
        _by_step(selection)


def _by_step(selection: Selection) -> None:
    if selection.record.places.token_grid[0] == 1:
        return
    # Closed at first: the plotting library is large, and the map must not wait for it.
    box = st.expander(
        "The query's attention by time step",
        icon=":material/show_chart:",
        key=named("by.step"),
        on_change="rerun",
    )
    if not box.open:
        return
    picture = steps_read(selection.shown, selection.place)
    with box:
        panels.plotly(picture, key="steps", height=220, shows=shows.a_patch(selection))
        export_icon("the time steps read", picture.name, lambda: picture, "steps")


def _said(selection: Selection, tile: MapTile, row_filter: RowFilter | None) -> tuple[str, str]:
    """What the map does not say itself: reduction, how it is stored, verification. In few words,
    for the line under it, and whole, for who points at that.
    """
    y, x = tile.cell
    drawn = "every weight" if (y, x) == (1, 1) else f"mean of {y} × {x} weights, zoom for each"
    left_out = filter_notes(selection.shown, row_filter) if row_filter else ()
    checked = None if selection.record.failed else selection.record.verification
    brief, long = (
        powers(plain(" · ".join((drawn, *left_out, held, *checks)), panels.LONGEST_LINE))
        for held, checks in (
            (describe_storage(selection.recording, why=False), [checked.brief] if checked else []),
            (describe_storage(selection.recording), [checked.said] if checked else []),
        )
    )
    return brief, long


def _whole_map(selection: Selection, scale: ColourScale, row_filter: RowFilter | None) -> Heatmap:
    picture = attention_heatmap(selection.shown, scale)
    return filtered_heatmap(picture, selection.shown, row_filter) if row_filter else picture


def _wrong_rows(tile: MapTile) -> None:
    if tile.wrong:
        st.warning(
            f"{len(tile.wrong)} rows are not a distribution and are not drawn: "
            f"{listed(tile.wrong)}",
            icon=":material/error:",
        )


def _take_map(selection: Selection, scale: ColourScale, row_filter: RowFilter | None) -> None:
    """The map as files: of a zoomed one the part that is on view, unless the whole is asked for."""
    if not is_exportable(selection):
        return

    def whole() -> Heatmap:
        return _whole_map(selection, scale, row_filter)

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
