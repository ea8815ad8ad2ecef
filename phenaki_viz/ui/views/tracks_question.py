"""Tracks, what is followed: from which patch or word, which way, beside which true path."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.analysis.overlay import Direction
from phenaki_viz.analysis.tracks import on_path
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.track_views import Question
from phenaki_viz.recording import Place
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.wishes import untouched, wish
from phenaki_viz.ui.views.attention_video import choose_word
from phenaki_viz.ui.work import tracked

if TYPE_CHECKING:
    import numpy as np

PICKED = "tracks.picked"
WAYS: dict[Direction, str] = {"row": "Where it looks", "column": "Who looks at it"}


def choose_question(run: Run, selection: Selection) -> Question:
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
        required=True, label_visibility="collapsed", **among("tracks_way", WAYS.values()),
    )  # fmt: skip
    at = _object(names, 0)
    path, whose = (None, "") if at is None else (truth.paths[at], names[at])
    start = _start(selection, path)
    question = Question(start=start, direction=way or "row", path=path, whose=whose)
    if path is not None and not question.of_object:
        st.button(
            f"Start on the {whose}", icon=":material/my_location:",
            key=session.named("tracks.home"),
            on_click=session.here(go), args=(on_path(path, start[0]),),
        )  # fmt: skip
    return question


def _object(names: Sequence[str], first: int) -> int | None:
    """Whose path is the true one; a choice where several are known."""
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


def go(place: Place) -> None:
    """Tracks begin at this patch from now on; a callback."""
    session.put(PICKED, True)
    wish(place=place)
