"""Heads: which heads do what? All of a stack in one table, each in one sentence."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from phenaki_viz.analysis.character import RULE
from phenaki_viz.analysis.head_columns import NAMES, names_of
from phenaki_viz.analysis.head_table import HeadRow, HeadTable
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.head_sentences import row_name, row_sentence, table_heading, taken_over
from phenaki_viz.figures.head_table_views import (
    alike_picture,
    heads_table,
    shifts_picture,
    worth_said,
)
from phenaki_viz.figures.naming import kind_stem, module_family
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.table import Table
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import frame, maps, panels
from phenaki_viz.ui.sections.downloads import TABLES, export_icon
from phenaki_viz.ui.session import named, styled
from phenaki_viz.ui.state.selection import Selection, choose_selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.state.wishes import wish
from phenaki_viz.ui.views import heads_atlas
from phenaki_viz.ui.views.heads_style import FIRST, STYLE, column_config, listed
from phenaki_viz.ui.work import fragment_jobs, head_tables, shows
from phenaki_viz.ui.work.head_tables import Over

_ASKED = "heads.asked"
TABLE, ONLY = "heads.table", "heads_only"
HIGH = 600  # pixels of a picture, at most
MOST_ROWS, HIGHEST = 17, 600  # rows that are shown without scrolling; pixels of more
PICTURES = {"shifts": "Where they look", "alike": "How alike they are"}


@fragment
def heads_page(run: Run) -> None:
    """Every head of the chosen stack: a sentence of all, the table, arrows, who is like whom."""
    st.html(styled(STYLE))
    words = panels.place_for_words()
    tools = panels.place_for_tools("heads")
    with tools:
        records = choose_stack(run.recording)
    if not records:
        with words:
            panels.nothing("Heads", "Depth 0: there is no attention to show. Turn the depth up.")
        return
    with tools:
        selection = choose_selection(run.recording, records, place=False)
    left, right = st.columns([8, 5], gap="medium")
    with left:
        narrowing = st.container(horizontal=True, vertical_alignment="center", gap="small")
        below = st.container(gap="xxsmall")
    fragment_jobs.draw_place()
    with narrowing:
        names = st.container(width=230)
        some = st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content"
        )
        corpus = heads_atlas.choose(
            selection, run.recording.provenance.get("weights_digest"), below
        )
    with some:
        over = None if corpus else _choose_clips(run, selection)
    taken = heads_atlas.taken(run, corpus)
    try:
        table, whole = (corpus.table, True) if corpus else _measured(run, selection, over)
    except PhenakiVizError as error:
        with words:
            panels.nothing("Heads", "These heads cannot be measured together.")
            st.text(str(error))
        return
    with words:
        said = st.container(gap="xxsmall")
    with names:
        only = _choose_names(table, whole=whole)
    shown = [at for at, row in enumerate(table) if not only or set(only) & set(names_of(row))]
    with left:
        _table(run, selection, table, over, taken, shown)
    with right:
        picture = _picture(run, selection, table, taken, whole=whole)
    with said:
        _say(selection, table, taken, picture)
    if corpus is None:
        fragment_jobs.go_on(head_tables.CLIP if over is None else head_tables.CLIPS)


def _choose_clips(run: Run, selection: Selection) -> Over | None:
    """Over the clip at hand, or over some that come with the project; None is the clip."""
    if not isinstance(run, ModelRun) or find_model(run) is None:
        return None
    most = len(head_tables.CAPTIONS)
    clips = st.number_input(
        "Clips", 2, most, 10, key=named("heads_clips"), width=90, label_visibility="collapsed",
        help="Held-out clips of moving digits, each with its caption", **BOUND,
    )  # fmt: skip
    ask = replace(run.ask, frames=None)
    over = Over(int(clips), ask, selection.record.stack, selection.record.kind)
    asked = session.get(_ASKED)
    if asked == over.clips:
        st.button(
            "This clip alone",
            icon=":material/undo:",
            key=named("heads.back"),
            on_click=session.here(session.drop),
            args=(_ASKED,),
        )
        return over
    st.button(
        f"Over {over.clips} clips", icon=":material/video_library:", key=named("heads.start"),
        on_click=session.here(session.put), args=(_ASKED, over.clips),
        help="Measure the heads over so many clips: means with 95 % intervals",
    )  # fmt: skip
    return None


def _measured(run: Run, selection: Selection, over: Over | None) -> tuple[HeadTable, bool]:
    """The table, and whether it has all heads: of long maps, those that are measured by now."""
    model = find_model(run)
    if over is None or model is None:
        return head_tables.of_clip(run, selection)
    return head_tables.over_clips(model, over), True


def _row(selection: Selection, table: HeadTable) -> HeadRow | None:
    """Of the selected head; None while it is not measured."""
    at = _places(selection).index((selection.layer, selection.head))
    return table.rows[at] if at < len(table) else None


def _say(
    selection: Selection, table: HeadTable, taken: heads_atlas.Taken, picture: Picture | None
) -> None:
    of = {} if picture is None else {f"heads.{picture.name}": _shows(selection, table)}
    panels.heading(table_heading(table), taken.provenance, of)
    row = _row(selection, table)
    if row is None:
        panels.say(
            f"{selection.shown.label} is not measured yet.", of, key="sentence.head", aside=True
        )
        return
    said = f"{row_name(row)}: {row_sentence(row)}{worth_said(row, taken.effects)}"
    panels.say(said, of, key="sentence.head", aside=True)


def _shows(selection: Selection, table: HeadTable) -> str:
    at = f"{selection.layer} {selection.head} clips {table.clips} rows {len(table)}"
    return f"heads {shows.a_stack(selection)} {at}"


def _table(
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
        head = f"{module_family(selection.record.module)} {selection.shown.label}"
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
        task, there, total, what = head_tables.CLIP, len(table), len(_places(selection)), "heads"
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


def _choose_names(table: HeadTable, *, whole: bool) -> list[str]:
    """Names of which a head must have one to be listed; [] lists all."""
    there = {name for row in table for name in names_of(row)} if whole else set(NAMES)
    options = [name for name in NAMES if name in there]
    session.keep_options(ONLY, options)
    return st.multiselect(
        "Only heads named", options, key=named(ONLY), placeholder="All heads", width=230,
        label_visibility="collapsed", **BOUND,
    )  # fmt: skip


def _draw(selection: Selection, picture: Table, shown: Sequence[int], *, every: bool) -> None:
    places = _places(selection)
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


def _places(selection: Selection) -> list[tuple[int, int]]:
    """Layer and head of every row of the table."""
    return [
        (layer, head)
        for layer, record in enumerate(selection.records)
        for head in range(len(record.heads))
    ]


def _pick_place(places: Sequence[tuple[int, int]], at: int) -> None:
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


def _alike(
    run: Run, selection: Selection, table: HeadTable, places: list[tuple[int, int]], name: str
) -> Picture:
    """The matrix of distances; the row of the chosen head is marked in it."""
    found = head_tables.alike(run, selection)
    picture = alike_picture(table, found, run.recording.provenance, name)
    ordered = [places[at] for at in found.order]
    mine = (selection.layer, selection.head)
    maps.named_map(
        picture,
        key=f"heads.{name}",
        selected=(ordered.index(mine) if mine in ordered else 0, None),
        notes=panels.notes(picture, taken_over(table)),
        shows=_shows(selection, table),
        on_pick=lambda cell: _pick_place(ordered, cell["query"]),
    )
    return picture


def _picture(
    run: Run, selection: Selection, table: HeadTable, taken: heads_atlas.Taken, *, whole: bool
) -> Picture | None:
    """Arrows, or the matrix of distances; the matrix alone where keys have no places.

    While heads are being measured the arrows, whatever is chosen, or nothing.
    """
    provenance, stem = taken.provenance, kind_stem(run.recording, selection.record)
    arrows = shifts_picture(table, provenance, (selection.layer, selection.head), f"{stem}_shifts")
    kind = "alike"
    if arrows is None and not whole:
        return None
    if arrows is not None:
        kind = st.segmented_control(
            "Picture", list(PICTURES), format_func=PICTURES.__getitem__, default="shifts",
            key=named("heads_picture"), required=True, label_visibility="collapsed", **BOUND,
        ) or "shifts"  # fmt: skip
    picture: Picture
    places, of = _places(selection), _shows(selection, table)
    if arrows is not None and (kind == "shifts" or not whole):
        picture = arrows
        panels.plotly(
            arrows, key=f"heads.{arrows.name}", height=min(HIGH, 62 * len(arrows.layers) + 90),
            elsewhere=(taken_over(table),), shows=of,
            on_click=lambda click: _pick_place(places, click["col"]),
        )  # fmt: skip
    else:
        picture = _alike(run, selection, table, places, f"{stem}_alike")
    if picture is not arrows and table.clips > 1:
        st.caption("How alike heads are is told of the clip at hand alone.")
    export_icon("the picture of the heads", picture.name, lambda: picture, "heads.picture")
    return picture
