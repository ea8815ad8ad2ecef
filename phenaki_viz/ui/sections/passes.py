"""Which call of the model is looked at, where a run holds several: drawn above every page."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from phenaki_viz.figures.naming import branch_name
from phenaki_viz.recording.passes import Pass, shown_first, standing
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.session import named
from phenaki_viz.ui.work import run_parts

STEP, BRANCH, NUMBER = "recorded.step", "recorded.branch", "recorded.run"


def choose(run: Run) -> Run:
    """The part of a run that is one pass of each stack; the run itself where there is no more.

    Draws what has to be chosen, in a place that is there in any case. What is looked at first is
    the pass with the text, at the last step.
    """
    passes = run.recording.passes()
    if len(passes) == len({(one.stack, one.kind) for one in passes}):
        st.container()
        return run
    with st.container(horizontal=True, vertical_alignment="bottom", key=named("passes")):
        steps = sorted({one.step for one in passes if one.step is not None})
        step = _step(steps) if len(steps) > 1 else None
        branches = sorted(dict.fromkeys(one.branch for one in passes if one.branch), key=standing)
        branch = _branch(branches) if len(branches) > 1 else None
        number = _number([
            one for one in passes
            if step in (None, one.step) or one.step is None
            if branch in (None, one.branch) or one.branch is None
        ])  # fmt: skip

    def made() -> Run:
        part = run.recording.one_pass(branch=branch, step=step, number=number)
        return replace(run, recording=part) if part.records else run

    return run_parts.part(run, ("pass", step, branch, number), made)


def _step(steps: Sequence[int]) -> int:
    _still(STEP, steps)
    return st.select_slider(
        "Decoding step",
        steps,
        steps[-1],
        format_func=lambda at: str(at + 1),
        key=named(STEP),
        width=320,
    )


def _branch(branches: Sequence[str]) -> str:
    _still(BRANCH, branches)
    return st.selectbox(
        "Pass",
        branches,
        format_func=lambda name: branch_name(name).capitalize(),
        key=named(BRANCH),
        width=220,
        help="Guidance runs the model twice: without the text, all cross-attention goes to the "
        "null key/values",
    )


def _number(passes: Sequence[Pass]) -> int | None:
    """Which of several runs with the same labels; None where each ran once."""
    most = max((one.of for one in passes), default=1)
    if most < 2:
        return None
    first = shown_first([one for one in passes if one.of == most]).number
    _still(NUMBER, range(most))
    return st.selectbox(
        "Run",
        range(most),
        first,
        format_func=lambda at: f"{at + 1} of {most}",
        key=named(NUMBER),
        width=120,
        help="The model ran several times while it was recorded",
    )


def _still(key: str, options: Sequence[Any]) -> None:
    """Forget a choice that this run does not have."""
    if session.get(key) not in (None, *options):
        session.drop(key)
