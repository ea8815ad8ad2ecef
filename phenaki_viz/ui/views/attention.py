"""Attention: where does each head look?"""

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.analysis.overlay import Direction
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.figures.naming import family
from phenaki_viz.figures.read_views import steps_read, words_read
from phenaki_viz.figures.sentences import patch_clause
from phenaki_viz.figures.words import plain
from phenaki_viz.recording import Recording
from phenaki_viz.runs import model
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.film_strip import share_film
from phenaki_viz.ui.components.painted import wait_for_paint
from phenaki_viz.ui.components.said import OfPatch
from phenaki_viz.ui.sections import goto, linked, map_filter, maps, outcome, panels, pinned_heads
from phenaki_viz.ui.sections.colours import choose_colours, keep_ends
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import ablation
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import FIRST_FAMILIES, Selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.views.attention_grid import draw_grid
from phenaki_viz.ui.views.attention_map import (
    said_of,
    say_wrong_rows,
    scale_of,
    scale_of_cut,
    scale_of_weights,
    take_map,
)
from phenaki_viz.ui.views.attention_style import STYLE
from phenaki_viz.ui.views.attention_video import MapColours, choose_word, draw_overlay
from phenaki_viz.ui.work import computed, first_picture, fragment_jobs, head_words, shows, surveys

if TYPE_CHECKING:
    import numpy as np

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
        of_map = linked.of_map(selection, direction)
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
        linked.share_choice(selection, of_map.link, direction)
    with right:
        map_tools = _row("map.tools", gap="xsmall")
    with map_tools:
        shared, colours = choose_colours()
        seen_by_maskgit = family(selection.record) in FIRST_FAMILIES
        look = MapColours(shared, colours, direction, masked if seen_by_maskgit else None)
        row_filter = map_filter.choose(run, selection)
    scale = scale_of(run, selection, look)
    with words:
        _heading(run, selection, of_map, look, tag)
    with right:
        map_scale = (
            scale_of_cut(run, selection, look, row_filter)
            if row_filter and row_filter.without
            else scale
        )
        tile = maps.shown_tile(selection, row_filter)
        maps.attention(
            selection, of_map, tile, map_scale, row_filter,
            said=said_of(selection, tile, row_filter),
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
        film = share_film("strip", computed.pixels(run.clip))
        draw_overlay(run, selection, film, of_map, scale_of_weights(run, selection, look), look)
    if long:  # half a second of work
        with words:
            _say_of_head(run, selection)
    with map_tools:
        take_map(selection, map_scale, row_filter)
    with right:
        say_wrong_rows(tile)
    if not long:
        with left:
            draw_grid(run, selection, look)
    with below:
        _reads(selection)
    pinned_heads.draw(run, selection, of_map, film, look.colours)
    if isinstance(run, model.ModelRun | RecordedRun):
        outcome.draw(run)
    if long:  # read for minutes: after all else is there
        with left:
            draw_grid(run, selection, look)


def _breathe(recording: Recording) -> None:
    """Leave the browser alone with a map of another recording; a click need not wait."""
    drawn = session.get("drawn.recording")
    session.put("drawn.recording", recording)
    if drawn is not recording:
        wait_for_paint(FIRST if drawn is None else LATER)


def _row(key: str, *, gap: Any) -> DeltaGenerator:
    """A line of controls."""
    return st.container(horizontal=True, vertical_alignment="center", gap=gap, key=named(key))


def _heading(
    run: Run, selection: Selection, of_map: OfMap, look: MapColours, tag: panels.Level
) -> None:
    """What the chosen patch does, in a sentence that begins with the names of head and patch."""
    said = patch_clause(selection.shown, selection.place, look.direction)
    patch = OfPatch(
        of_map=of_map, side=look.direction, place=selection.place,
        tells=plain(said, panels.LONGEST_LINE), opens=goto.KEY,
    )  # fmt: skip
    panels.heading(
        selection.shown.name, run.recording.provenance, _of(selection, look), patch=patch, tag=tag
    )


def _say_of_head(run: Run, selection: Selection) -> None:
    of = {"map": shows.a_head(selection)}
    panels.say_of_head(head_words.sentence_of(run, selection), of)


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


def _choose_direction(selection: Selection) -> Direction:
    """Whether a patch looks or is looked at; of cross-attention, whose word is looked at."""
    if selection.record.reads_words:
        choose_word(selection)
        return "row"
    chosen = st.segmented_control(
        "Direction",
        list(DIRECTIONS),
        format_func=DIRECTIONS.__getitem__,
        default="row",
        required=True,
        label_visibility="collapsed",
        **among("direction", DIRECTIONS.values()),
    )
    return "column" if chosen == "column" else "row"


def _of(selection: Selection, look: MapColours) -> dict[str, str]:
    """What the pictures of the page have to be of, for its heading to be true."""
    head, stack = shows.a_head(selection), shows.a_stack(selection)
    of = {"map": head, "strip": f"{head} {look.direction}", "grid.heads": stack, "pinned": stack}
    patch = f"{head} patch {{place}}"
    return of | ({"words": patch} if selection.record.reads_words else {"steps": patch})


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
