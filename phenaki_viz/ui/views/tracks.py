"""Tracks: does a head find the same thing again at other moments of the video?"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.analysis.overlay import Direction
from phenaki_viz.analysis.tracks import on_path
from phenaki_viz.data import as_rgb
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.clauses import counted
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.track_marks import place_at, stage_of
from phenaki_viz.figures.track_sentences import how_to_read, tracks_heading
from phenaki_viz.figures.track_views import (
    Answer,
    Question,
    best_of,
    followers_picture,
    score,
    tracks_picture,
)
from phenaki_viz.figures.tracks import LOOKS, MOST_LINES, Tracks
from phenaki_viz.recording import Place
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.figure import FigureClick
from phenaki_viz.ui.components.head_grid import GridPicture, head_grid
from phenaki_viz.ui.sections import frame, goto, panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.state import patches, true_path
from phenaki_viz.ui.state.link import groups_text, in_link, number_groups, say_in_url
from phenaki_viz.ui.state.selection import Selection, choose_stack
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.state.wishes import untouched, wish
from phenaki_viz.ui.views.attention_video import choose_word
from phenaki_viz.ui.views.tracks_style import STYLE
from phenaki_viz.ui.work import fragment_jobs, shows, tracked

if TYPE_CHECKING:
    import numpy as np

HEADS, BOX, PICKED, MARKING = "tracks.heads", "tracks.box", "tracks.picked", "tracks.marking"
FIRST = 3  # heads that are drawn unless others are chosen
WIDE, HIGH, LEGEND = 1010, 470, 40  # pixels: of a page, and of the picture at most
WAYS: dict[Direction, str] = {"row": "Where it looks", "column": "Who looks at it"}
Head = tuple[int, int]  # layer and head, counted in what was recorded


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
        asked = _question(run, selection)
    fragment_jobs.draw_place()
    try:
        every = tracked.answers_to(selection, asked)
    except PhenakiVizError as error:
        with words:
            panels.nothing("Tracks", "This patch cannot be followed here.")
            st.text(str(error))
        return
    with heads:
        shown = _choose_heads(every, selection)
        _mark_by_hand(selection)
    picture = tracks_picture(shown, asked, as_rgb(run.clip), run.temporal_patch)
    _picture(picture, _shows(selection, asked, shown))
    with words:
        _say(run, selection, asked, shown)
    _followers(run, selection, asked)
    frame.link("heads", "All heads in a table", ":material/table_rows:")


# ---- what is asked


def _question(run: Run, selection: Selection) -> Question:
    """The patch or the word, the way, and whose path is the true one."""
    record = selection.record
    truth = tracked.truth_for(run, record)
    names = list(truth.names)
    if record.reads_words:
        choose_word(selection)
        word = patches.word_of(selection)
        named = str(key_axis(record, selection.item).names[word])
        at = _object(names, names.index(named) if named in names else 0)
        path, whose = (None, "") if at is None else (truth.paths[at], names[at])
        return Question(key=word, path=path, whose=whose)
    way = st.segmented_control(
        "Way", list(WAYS), format_func=WAYS.__getitem__, default="row",
        key=session.named("tracks_way"),
        required=True, label_visibility="collapsed", **BOUND,
    )  # fmt: skip
    at = _object(names, 0)
    path, whose = (None, "") if at is None else (truth.paths[at], names[at])
    start = _start(selection, path)
    asked = Question(start=start, direction=way or "row", path=path, whose=whose)
    if path is not None and not asked.of_object:
        st.button(
            f"Start on the {whose}", icon=":material/my_location:",
            key=session.named("tracks.home"),
            on_click=session.here(_go), args=(on_path(path, start[0]),),
        )  # fmt: skip
    return asked


def _object(names: Sequence[str], first: int) -> int | None:
    """Whose path is the true one; asked where several are known."""
    if len(names) < 2:
        return 0 if names else None
    options = list(range(len(names)))
    session.fall_back("tracks.object", options, first)
    return int(
        st.selectbox(
            "True path", options, index=first, format_func=lambda at: f"True path: {names[at]}",
            key=session.named("tracks.object"), label_visibility="collapsed", width=230,
            help="A digit of the project's clips, or what was marked by hand",
            persist_state="session",
        )
    )  # fmt: skip


def _start(selection: Selection, path: "np.ndarray | None") -> Place:
    """The chosen patch; until one was picked, the object's at the chosen time."""
    picked = session.get(PICKED) or not untouched("row", "column")
    there = None if path is None or picked else on_path(path, selection.place[0])
    return there or selection.place


def _go(place: Place) -> None:
    session.put(PICKED, True)
    wish(place=place)


# ---- which heads


def _choose_heads(every: Sequence[Answer], selection: Selection) -> tuple[Answer, ...]:
    """The heads that were chosen; until then those that do best, and the one that is looked at."""
    layers = list(dict.fromkeys(id(one.head.record) for one in every))
    found = {(layers.index(id(one.head.record)), one.head.head): one for one in every}
    linked = number_groups(in_link("tracks"), 2, MOST_LINES)
    asked: tuple[Head, ...] | None = session.first(HEADS, linked or None)
    best = [at for one in best_of(every, FIRST) for at, same in found.items() if same is one]
    looked = (selection.layer, selection.head)
    best = best if looked in best else [*best[: FIRST - 1], looked]
    now = [at for at in asked or () if at in found] or best
    say_in_url("tracks", groups_text(asked or ()))
    session.put(BOX, now)
    st.multiselect(
        "Heads", list(found), format_func=partial(_named, found, now), key=session.named(BOX),
        label_visibility="collapsed", max_selections=MOST_LINES,
        on_change=session.here(_keep_heads),
        width=540, placeholder="The best heads",
        help="In brackets how well each head does from here",
    )  # fmt: skip
    st.button(
        "Best heads", icon=":material/star:", key=session.named("tracks.best"),
        on_click=session.here(session.put), args=(HEADS, None),
        disabled=asked is None, help="Those that find it most often from here, then the surest",
    )  # fmt: skip
    return tuple(found[at] for at in now)


def _named(found: Mapping[Head, Answer], now: Sequence[Head], at: Head) -> str:
    """'● L2 H2 (2 of 4)': its mark in the picture, if it is drawn, and how well it does."""
    told = score(found[at])
    mark = f"{LOOKS[now.index(at)][1]} " if at in now else ""
    return f"{mark}{found[at].head.label}{f' ({told})' if told else ''}"


def _keep_heads() -> None:
    session.put(HEADS, tuple(session.held(BOX)) or None)


def _toggle_head(layer: int, head: int) -> None:
    """A tile of the grid of followers: that head is drawn, or no more; a callback."""
    at = (layer, head)
    now = list(session.get(BOX, ()))
    now = [one for one in now if one != at] if at in now else [*now[-(MOST_LINES - 1) :], at]
    session.put(HEADS, tuple(now) or None)
    wish(layer=layer, head=head)


# ---- what is drawn and said


def _shows(selection: Selection, asked: Question, shown: Sequence[Answer]) -> str:
    path = "" if asked.path is None else groups_text(asked.path.tolist())
    return (
        f"{shows.a_stack(selection)} tracks {asked.start} {asked.key} {asked.direction} {path} "
        f"{' '.join(one.head.label.replace(' ', '') for one in shown)}"
    )


def _say(run: Run, selection: Selection, asked: Question, shown: Sequence[Answer]) -> None:
    of = {"tracks.picture": _shows(selection, asked, shown)}
    panels.heading(tracks_heading(shown, asked), run.recording.provenance, of)
    panels.say(how_to_read(asked), of, key="sentence.how", aside=True)


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
        _go(place)


def _followers(run: Run, selection: Selection, asked: Question) -> None:
    """How often each head finds the object from anywhere on its path: a grid to choose from."""
    found = tracked.accuracies_of(selection, asked)
    if found is None:
        return
    picture = followers_picture(selection.records, asked, found, run.recording.provenance)
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
        on_pick=_toggle_head,
        repeats=True,
        shows=f"{shows.a_stack(selection)} followers {asked.whose}",
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
