"""Heads: which heads do what? All of a stack in one table, each in one sentence."""

from dataclasses import replace

import streamlit as st

from phenaki_viz.analysis.head_columns import names_of
from phenaki_viz.analysis.head_table import HeadRow, HeadTable
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.head_sentences import row_name, row_sentence, table_heading, taken_over
from phenaki_viz.figures.head_table_views import alike_picture, shifts_picture, worth_said
from phenaki_viz.figures.naming import kind_stem
from phenaki_viz.figures.picture import Picture
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import maps, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named, styled
from phenaki_viz.ui.state.offers import among, within
from phenaki_viz.ui.state.selection import Selection, choose_selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.views import heads_atlas
from phenaki_viz.ui.views.heads_style import STYLE
from phenaki_viz.ui.views.heads_table import choose_names, draw_table, pick_place, places_of
from phenaki_viz.ui.work import fragment_jobs, head_tables, shows
from phenaki_viz.ui.work.head_tables import Over

_REQUESTED = "heads.requested"
HIGH = 600  # pixels of a picture, at most
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
        sentence = st.container(gap="xxsmall")
    with names:
        only = choose_names(table, whole=whole)
    shown = [at for at, row in enumerate(table) if not only or set(only) & set(names_of(row))]
    with left:
        draw_table(run, selection, table, over, taken, shown)
    with right:
        picture = _picture(run, selection, table, taken, whole=whole)
    with sentence:
        _say(selection, table, taken, picture)
    if corpus is None:
        fragment_jobs.go_on(head_tables.CLIP if over is None else head_tables.CLIPS)


def _choose_clips(run: Run, selection: Selection) -> Over | None:
    """Over the clip at hand, or over some that come with the project; None is the clip."""
    if not isinstance(run, ModelRun) or find_model(run) is None:
        return None
    most = len(head_tables.CAPTIONS)
    clips = st.number_input(
        "Clips", 2, most, 10, width=90, label_visibility="collapsed",
        help="Held-out clips of moving digits, each with its caption",
        **within("heads_clips", 2, most),
    )  # fmt: skip
    options = replace(run.options, frames=None)
    over = Over(int(clips), options, selection.record.stack, selection.record.kind)
    requested = session.get(_REQUESTED)
    if requested == over.clips:
        st.button(
            "This clip alone",
            icon=":material/undo:",
            key=named("heads.back"),
            on_click=session.here(session.drop),
            args=(_REQUESTED,),
        )
        return over
    st.button(
        f"Over {over.clips} clips", icon=":material/video_library:", key=named("heads.start"),
        on_click=session.here(session.put), args=(_REQUESTED, over.clips),
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
    at = places_of(selection).index((selection.layer, selection.head))
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
    sentence = f"{row_name(row)}: {row_sentence(row)}{worth_said(row, taken.effects)}"
    panels.say_of_head(sentence, of)


def _shows(selection: Selection, table: HeadTable) -> str:
    at = f"{selection.layer} {selection.head} clips {table.clips} rows {len(table)}"
    return f"heads {shows.a_stack(selection)} {at}"


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
        on_pick=lambda cell: pick_place(ordered, cell["query"]),
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
            required=True, label_visibility="collapsed",
            **among("heads_picture", PICTURES.values()),
        ) or "shifts"  # fmt: skip
    picture: Picture
    places, of = places_of(selection), _shows(selection, table)
    if arrows is not None and (kind == "shifts" or not whole):
        picture = arrows
        panels.plotly(
            arrows, key=f"heads.{arrows.name}", height=min(HIGH, 62 * len(arrows.layers) + 90),
            elsewhere=(taken_over(table),), shows=of,
            on_click=lambda click: pick_place(places, click["col"]),
        )  # fmt: skip
    else:
        picture = _alike(run, selection, table, places, f"{stem}_alike")
    if picture is not arrows and table.clips > 1:
        st.caption("How alike heads are is told of the clip at hand alone.")
    export_icon("the picture of the heads", picture.name, lambda: picture, "heads.picture")
    return picture
