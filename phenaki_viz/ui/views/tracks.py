"""Tracks: does a head find the same thing again at other moments of the video?"""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from phenaki_viz.data import as_rgb
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.track_marks import place_at, stage_of
from phenaki_viz.figures.track_sentences import how_to_read, tracks_heading
from phenaki_viz.figures.track_views import Answer, Question, followers_picture, tracks_picture
from phenaki_viz.figures.tracks import Tracks
from phenaki_viz.nouns import counted
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.figure import FigureClick
from phenaki_viz.ui.components.head_grid import GridPicture, head_grid
from phenaki_viz.ui.sections import frame, goto, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.state import true_path
from phenaki_viz.ui.state.link import groups_text
from phenaki_viz.ui.state.selection import Selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.views.tracks_heads import choose_heads, toggle_head
from phenaki_viz.ui.views.tracks_question import choose_question, go
from phenaki_viz.ui.views.tracks_style import STYLE
from phenaki_viz.ui.work import fragment_jobs, shows, tracked

MARKING = "tracks.marking"
WIDE, HIGH, LEGEND = 1010, 470, 40  # pixels: of a page, and of the picture at most


@fragment
def tracks_page(run: Run) -> None:
    """A patch's or a word's path through the time steps, by several heads, beside the true one."""
    st.html(session.styled(STYLE))
    with st.container(key=session.named("tracks")):
        _draw(run)


def _draw(run: Run) -> None:
    words = st.container(key=session.named("tracks.words"), gap="xxsmall")
    tools = panels.place_for_tools("tracks")
    with tools:
        records = choose_stack(run.recording)
    if not records:
        with words:
            panels.nothing("Tracks", "Depth 0: there is no attention to follow.")
        return
    heads = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=session.named("tracks.heads")
    )
    with heads:
        selection = goto.choose(run.recording, records)
    with tools:
        question = choose_question(run, selection)
    fragment_jobs.draw_place()
    try:
        every = tracked.answers_to(selection, question)
    except PhenakiVizError as error:
        with words:
            panels.nothing("Tracks", "This patch cannot be followed here.")
            st.text(str(error))
        return
    with heads:
        shown = choose_heads(every, selection)
        _mark_by_hand(selection)
    picture = tracks_picture(shown, question, as_rgb(run.clip), run.temporal_patch)
    _picture(picture, _shows(selection, question, shown))
    with words:
        _say(run, selection, question, shown, every)
    _followers(run, selection, question)
    frame.link("heads", "All heads in a table", ":material/table_rows:")


def _shows(selection: Selection, question: Question, shown: Sequence[Answer]) -> str:
    path = "" if question.path is None else groups_text(question.path.tolist())
    return (
        f"{shows.a_stack(selection)} tracks {question.start} {question.key} {question.direction} "
        f"{path} {' '.join(one.head.label.replace(' ', '') for one in shown)}"
    )


def _say(
    run: Run,
    selection: Selection,
    question: Question,
    shown: Sequence[Answer],
    every: Sequence[Answer],
) -> None:
    of = {"tracks.picture": _shows(selection, question, shown)}
    panels.heading(tracks_heading(shown, question, every), run.recording.provenance, of)
    panels.say(how_to_read(question), of, key="sentence.how", aside=True)


def _picture(picture: Tracks, of: str) -> None:
    stage = stage_of(picture)
    high = min(HIGH, round(WIDE * stage.height / stage.width))
    panels.plotly(
        picture, key="tracks.picture", height=high + LEGEND, elsewhere=None, shows=of,
        on_click=partial(_pick, picture),
    )  # fmt: skip
    export_icon("the tracks", picture.name, lambda: picture, "tracks")


def _pick(picture: Tracks, click: FigureClick) -> None:
    """A patch of a time step: marked as true, or where tracks begin; a callback."""
    place = place_at(picture, click["curve"], click["row"], click["col"])
    if place is None:
        return
    if session.get(MARKING):
        true_path.mark(place)
    else:
        go(place)


def _followers(run: Run, selection: Selection, question: Question) -> None:
    """How often each head finds the object from anywhere on its path: a grid to choose from."""
    found = tracked.accuracies_of(selection, question)
    if found is None:
        return
    picture = followers_picture(selection.records, question, found, run.recording.provenance)
    if picture is None:
        return
    st.header("How often each head finds it", anchor=False)
    drawn = GridPicture.of_numbers(
        picture.values,
        picture.scale,
        layers=picture.query.names,
        heads=picture.key.names,
        label=picture.unit,
        notes=panels.notes(picture),
    )
    head_grid(
        drawn,
        selected=(selection.layer, selection.head),
        key="tracks.followers",
        on_pick=toggle_head,
        repeats=True,
        shows=f"{shows.a_stack(selection)} followers {question.whose}",
    )
    export_icon("the heads that find it", picture.name, lambda: picture, "tracks.followers")


def _mark_by_hand(selection: Selection) -> None:
    """Another true path: one patch a time step, by clicks."""
    marked = true_path.marks()
    marking = st.toggle(
        "Mark the true path", key=session.named(MARKING),
        help="For what moves in any clip: click its patch in each time step. It then counts here "
        "and on the page Heads, and is in the link",
    )  # fmt: skip
    if not (marking or marked or true_path.can_undo()):
        return
    st.button(
        "Undo", icon=":material/undo:", key=session.named("tracks.undo"),
        on_click=session.here(true_path.undo),
        disabled=not true_path.can_undo(),
    )  # fmt: skip
    st.button(
        "Clear", icon=":material/delete:", key=session.named("tracks.clear"),
        on_click=session.here(true_path.clear),
        disabled=not marked,
    )  # fmt: skip
    steps = counted(selection.record.places.grid[0], "time step")
    how = "Click its patch in each frame; again takes it back. " if marking else ""
    st.caption(f"{how}Marked in {len(marked)} of {steps}", width="content")
