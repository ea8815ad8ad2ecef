"""Heads, the table: which are listed, how far measuring is, a line is a head to look at."""

from collections.abc import Sequence

import streamlit as st

from phenaki_viz.analysis.character import RULE
from phenaki_viz.analysis.head_columns import NAMES, names_of
from phenaki_viz.analysis.head_table import HeadTable
from phenaki_viz.figures.head_sentences import taken_over
from phenaki_viz.figures.head_table_views import heads_table
from phenaki_viz.figures.naming import family, kind_stem
from phenaki_viz.figures.table import Table
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import frame
from phenaki_viz.ui.sections.downloads import TABLES, export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.state.wishes import wish
from phenaki_viz.ui.views import heads_atlas
from phenaki_viz.ui.views.heads_style import FIRST, column_config, listed
from phenaki_viz.ui.work import fragment_jobs, head_tables
from phenaki_viz.ui.work.head_tables import Over

TABLE, ONLY = "heads.table", "heads_only"
MOST_ROWS, HIGHEST = 17, 600  # rows that are shown without scrolling; pixels of more


def draw_table(
    run: Run,
    selection: Selection,
    table: HeadTable,
    over: Over | None,
    taken: heads_atlas.Taken,
    shown: Sequence[int],
) -> None:
    """Every head; the marked row is the head that all pages look at."""
    name = f"{kind_stem(run.recording, selection.record)}_heads"
    clips = ", ".join(head_tables.CAPTIONS[: over.clips]) if over else taken.clips
    picture = heads_table(table, taken.provenance, name, clips=clips, effects=taken.effects)
    drawn = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        head = f"{family(selection.record)} {selection.shown.label}"
        frame.link("attention", f"Look at {head}", ":material/visibility:")
        frame.link("tracks", "Follow it through time", ":material/timeline:")
        st.space("stretch")
        every = st.toggle("All columns", key=named("heads_all"), **BOUND)
        export_icon("the table", name, lambda: picture, "heads", kinds=TABLES)
    with drawn:
        _draw(selection, picture, shown, every=every)
    st.caption(taken_over(table))
    _how_far(selection, table, over)
    _rules()


def _how_far(selection: Selection, table: HeadTable, over: Over | None) -> None:
    """Of a table that was stopped on the way: how much it has, and the way on."""
    if over is None:
        task, there, total, what = head_tables.CLIP, len(table), len(places_of(selection)), "heads"
    else:
        task, there, total, what = head_tables.CLIPS, table.clips, over.clips, "clips"
    if there == total or not fragment_jobs.is_stopped(task):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{there} of {total} {what} are measured.", width="content")
        st.button(
            "Measure the rest", icon=":material/play_arrow:", key=named("heads.rest"),
            on_click=session.here(fragment_jobs.resume), args=(task,),
        )  # fmt: skip


def choose_names(table: HeadTable, *, whole: bool) -> list[str]:
    """Names of which a head must have one to be listed; [] lists all."""
    there = {name for row in table for name in names_of(row)} if whole else set(NAMES)
    options = [name for name in NAMES if name in there]
    session.keep_options(ONLY, options)
    return st.multiselect(
        "Only heads named", options, placeholder="All heads", width=230,
        label_visibility="collapsed", **among(ONLY, options),
    )  # fmt: skip


def _draw(selection: Selection, picture: Table, shown: Sequence[int], *, every: bool) -> None:
    places = places_of(selection)
    at = places.index((selection.layer, selection.head))
    marked = [shown.index(at)] if at in shown else []
    state = session.get(TABLE)
    if state is None or list(state["selection"]["rows"]) != marked:
        session.put(TABLE, {"selection": {"rows": marked, "columns": [], "cells": []}})
    rows = listed(picture, shown)
    st.dataframe(
        rows,
        column_config=column_config(picture),
        column_order=None if every else [name for name in FIRST if name in rows],
        hide_index=True,
        height="content" if len(shown) <= MOST_ROWS else HIGHEST,
        alt="Every head of this kind of map and its numbers",
        key=named(TABLE),
        on_select=session.here(lambda: _pick([places[one] for one in shown])),
        selection_mode="single-row",
        placeholder="–",
    )


def places_of(selection: Selection) -> list[tuple[int, int]]:
    """Layer and head of every row of the table."""
    return [
        (layer, head)
        for layer, record in enumerate(selection.records)
        for head in range(len(record.heads))
    ]


def pick_place(places: Sequence[tuple[int, int]], at: int) -> None:
    """The arrow that was clicked, or the row of the matrix, is the chosen head; a callback.

    places: in the order of the picture.
    """
    if at < len(places):
        layer, head = places[at]
        wish(layer=layer, head=head)


def _pick(places: Sequence[tuple[int, int]]) -> None:
    """The row that was chosen is the head that the whole app looks at; a callback."""
    rows = session.held(TABLE)["selection"]["rows"]
    if rows and rows[0] < len(places):
        layer, head = places[rows[0]]
        wish(layer=layer, head=head)


def _rules() -> None:
    with st.expander("How heads are named", icon=":material/rule:"):
        st.text(RULE[:1].upper() + RULE[1:] + ".")
        st.text("\n".join(f"{name}: {rule}" for name, rule in NAMES.items()))
