"""The grid of heads on the Attention page, with its tools on it."""

from dataclasses import replace
from typing import Any

import streamlit as st

from phenaki_viz.analysis.overlay import fills_frames
from phenaki_viz.analysis.survey import Survey
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.figures.attention_views import head_grid, metric_scale, over_step
from phenaki_viz.figures.effect_views import WORTH, effects_on_grid
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.survey_sentences import ERROR, estimated, with_estimate
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections.downloads import export_icon, is_exportable
from phenaki_viz.ui.sections.head_grid import choose_sorting, draw
from phenaki_viz.ui.sections.long_files import export_all_heads, export_linked
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.view import grid_choice
from phenaki_viz.ui.views.attention_frames import (
    FRAMES,
    asked_of_all,
)
from phenaki_viz.ui.views.attention_video import MapColours
from phenaki_viz.ui.work import computed, surveys, swept

EFFECT = "effect"  # measured on the page What if


def draw_grid(run: Run, selection: Selection, look: MapColours) -> None:
    """Every head of the stack: its map, its weights over the frames, or one number of it.

    The last thing of the page where its maps are long: their reading goes on in another run of it.
    """
    tools = st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", key=named("grid.tools")
    )
    with tools:
        worth = effects_on_grid(swept.measured(run), selection.records)
        colouring = _choose_colouring(selection, worth is not None)
    read, asked = None, None
    if colouring == FRAMES:
        asked = asked_of_all(selection, look)
        shown = computed.over_frames(run, selection, asked, of_uniform=look.of_uniform)
    else:
        read = surveys.survey_of(run, selection) if surveys.is_long(selection) else None
        pooled = read.thumbnails if read else computed.thumbs(run, selection)
        if pooled is None:
            _offer()
            return
        shown = look.colours.thumbnails(pooled, selection.records, selection.items)
    scales: Any
    if look.shared:
        scales = look.colours.over(*drawn_range(shown.values), "all heads and layers")
    else:
        scales = look.colours.of_each(shown.values)
    values, name, title, unit, measured = None, "", "", "", ""
    if colouring == EFFECT and worth is not None:
        values, title, unit = worth, WORTH, "nats"
    elif colouring not in ("map", FRAMES):
        measure = computed.measures_for(selection.record)[colouring]
        values = read.mean(colouring) if read else computed.table(run, selection, colouring)
        title, unit, measured = measure.title, measure.unit, colouring
    if values is not None:
        name = f"{title} ({unit})" if unit else title
        scales = metric_scale(values, look.colours.palette)
    picture = head_grid(
        run.recording,
        selection.records,
        shown,
        scales,
        selected=(selection.layer, selection.head),
        values=values,
        value_name=name,
        unit=look.colours.unit,
    )
    if asked is not None:
        picture = over_step(picture, asked.step, asked.said(selection.record, selection.item))
    drawn = picture  # what the page says by itself is not said again under the grid
    if read:
        picture = _say_how_far(picture, read, measured, unit)
    with tools:
        sorting = choose_sorting(title, unit)
        box = export_icon("the heads' grid", picture.name, lambda: picture, "grid")
    draw(drawn, selection, look.colours, sorting)
    if box is not None and is_exportable(selection):
        with box:
            export_all_heads(run, selection, look.colours, shared=look.shared)
            export_linked(run, selection, look.colours)
    if read:
        surveys.go_on(run, selection)


def _offer() -> None:
    """Have the thumbnails drawn after all that were cancelled."""
    st.caption("The heads of a long video take a while to draw.")
    st.button(
        "Draw all heads", on_click=session.here(computed.draw_thumbs), key=named("thumbs.draw")
    )


def _say_how_far(picture: HeadGrid, read: Survey, measured: str, unit: str) -> HeadGrid:
    """Say above the grid what of it is estimated, and on the picture as well; returns it.

    Of a reading that was stopped on the way also the way on. measured: the metric that is shown.
    """
    said = estimated(read, measured, unit)
    st.caption(said[:1].upper() + said[1:], help=ERROR if "±" in said else None)
    if not read.is_exact and surveys.is_stopped():
        st.button(
            "Read the rest", icon=":material/play_arrow:", key=named("survey.rest"),
            help="Replace the estimates by what all rows of the heads say",
            on_click=session.here(surveys.resume),
        )  # fmt: skip
    return replace(picture, **with_estimate(picture, read, said))


def _choose_colouring(selection: Selection, knows_worth: bool) -> str:
    """What the tiles of the grid show: the maps, a time step of the video, or a metric.

    Of heads that read a text the frames come first: their maps are too narrow to be small.
    """
    words, measures = selection.record.reads_words, computed.measures_for(selection.record)
    titles = {"map": "the maps"}
    if fills_frames(selection.record):
        titles[FRAMES] = "over the frames"
    titles |= {name: one.title for name, one in measures.items()}
    if knows_worth:
        titles[EFFECT] = WORTH
    options, key = list(titles), grid_choice(words)
    first = FRAMES if words and FRAMES in titles else "map"
    session.fall_back(key, options, first)
    colouring = st.selectbox(
        "Grid shows",
        options,
        index=options.index(first),
        format_func=lambda name: titles.get(name, name),
        width=190,
        label_visibility="collapsed",
        **among(key, titles.values()),
    )
    return colouring or first
