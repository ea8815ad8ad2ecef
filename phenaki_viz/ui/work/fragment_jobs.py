"""Long work of a fragment, a slice of time at a go: in between, the page hears what was clicked.

Streamlit lets a click inside a fragment wait until the fragment's run has ended. So a run works for
no longer than a slice, keeps where it stopped, and has itself run again: that next run brings the
click with it. Work that is no longer wanted is dropped there, and no thread is left that could
still be busy with it.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

from phenaki_viz.analysis.incremental import Incremental, run_to_end
from phenaki_viz.ui import session
from phenaki_viz.ui.session import named

T = TypeVar("T")
P = TypeVar("P")
SLICE = 0.4  # seconds: what a click waits at most, beside the run of the fragment itself
_PLACE, _UNDER_WAY = "slices.place", "slices.under_way"


@dataclass
class _Work:
    """One piece of work under way. key: all that decides it."""

    key: Hashable
    steps: Incremental[object]
    started: float = field(default_factory=time.perf_counter)
    share: float = 0.0
    spent: float = 0.0  # seconds, when its bar was drawn last
    parts: list[Any] = field(default_factory=list)  # what is done of it, where that can be shown
    stopped: bool = False


def draw_place() -> None:
    """Where the bar belongs; called by a fragment above what its work is for.

    It hovers at the lower edge (main.py, STYLE): what is looked at must not jump away under it.
    """
    session.put(_PLACE, st.empty())


def work_on(
    task: str,
    key: Hashable,
    start: Callable[[], Incremental[T]],
    doing: str,
    on_cancel: Callable[[], None] | None = None,
) -> T:
    """The result of `start()`, when it can be had within a slice of time.

    Else shows a bar, has the fragment run again, which goes on here, and does not return. task: one
    piece of work is under way of each; another key drops the one before. on_cancel: takes back
    what led here; without it, only what is clicked elsewhere ends the work. Raises what the work
    raises. For a file, which Streamlit has made outside of every run, all is done at once.
    """
    if get_script_run_ctx() is None:
        return run_to_end(start())
    waiting, work = _taken_up(task, key)
    if work is None:
        work = _Work(key, start())
    else:  # drawn ahead of the slice: what a run says last may be lost when the next one begins
        _draw_bar(task, work, doing, on_cancel)
    try:
        _advance(work)
    except StopIteration as end:
        session.held(_PLACE).empty()
        result: T = end.value
        return result
    waiting[task] = work
    _run_again()


def grow(
    task: str,
    key: Hashable,
    start: Callable[[list[P]], Incremental[T]],
    doing: str,
) -> T | list[P]:
    """The result of `start(parts)`; or the parts that are there so far, to be drawn.

    Works as `work_on` does until the first part is there, and between two parts. Callers
    call `go_on` at the end of the fragment. The bar's button stops the work and keeps them:
    `is_stopped`, `resume`. start: is given a list into which the work puts each part.
    """
    waiting, work = _taken_up(task, key)
    if work is None:
        parts: list[P] = []
        work = _Work(key, start(parts), parts=parts)
    elif not work.stopped:
        _draw_bar(task, work, doing, None, stops=bool(work.parts))
    before = len(work.parts)
    try:
        if not work.stopped:
            _advance(work)
    except StopIteration as end:
        session.held(_PLACE).empty()
        result: T = end.value
        return result
    waiting[task] = work
    if not work.parts or (len(work.parts) == before and not work.stopped):
        _run_again()
    return list(work.parts)


def go_on(task: str) -> None:
    """Have the fragment run again where work of this task is under way and was not stopped."""
    work = session.get(_UNDER_WAY, {}).get(task)
    if work is not None and not work.stopped:
        _run_again()


def is_stopped(task: str) -> bool:
    """Whether work of this task was stopped, and its parts kept."""
    work = session.get(_UNDER_WAY, {}).get(task)
    return work is not None and bool(work.stopped)


def stop(task: str) -> None:
    """Stop, keep what is there; a callback."""
    _set_stopped(task, stopped=True)


def resume(task: str) -> None:
    """Go on where it was stopped; a callback."""
    _set_stopped(task, stopped=False)


def _set_stopped(task: str, *, stopped: bool) -> None:
    work = session.get(_UNDER_WAY, {}).get(task)
    if work is not None:
        work.stopped = stopped
        work.started = time.perf_counter() - work.spent


def drop(task: str) -> None:
    """Let go of what is under way of a task."""
    work = session.get(_UNDER_WAY, {}).pop(task, None)
    if work is not None:
        work.steps.close()


def _taken_up(task: str, key: Hashable) -> tuple[dict[str, _Work], _Work | None]:
    """All that waits, and this task's work, taken out of it; work by another key is dropped."""
    waiting: dict[str, _Work] = session.first(_UNDER_WAY, {})
    if task in waiting and waiting[task].key != key:
        drop(task)
    return waiting, waiting.pop(task, None)


def _advance(work: _Work) -> None:
    """Take steps until the slice is over, one at least; raises StopIteration at the end."""
    over = time.perf_counter() + SLICE
    while True:
        work.share = next(work.steps)
        if time.perf_counter() >= over:
            return


def _draw_bar(
    task: str,
    work: _Work,
    doing: str,
    on_cancel: Callable[[], None] | None,
    *,
    stops: bool = False,
) -> None:
    """stops: its button keeps what is done."""
    seconds = work.spent = time.perf_counter() - work.started
    left = seconds / max(work.share, 1e-3) * (1 - work.share)
    place = session.held(_PLACE)
    with place.container(
        horizontal=True, vertical_alignment="center", key=named(f"progress.{task}")
    ):
        st.progress(min(work.share, 1.0), text=f"{doing} {work.share:.0%}, about {left:.0f} s left")
        if on_cancel is not None:
            st.button(
                "Cancel",
                key=named(f"cancel.{task}"),
                on_click=session.here(_cancel),
                args=(task, on_cancel),
            )
        elif stops:
            st.button(
                "Cancel", key=named(f"cancel.{task}"), on_click=session.here(stop), args=(task,),
                help="Keeps what is done so far",
            )  # fmt: skip


def _cancel(task: str, on_cancel: Callable[[], None]) -> None:
    drop(task)
    on_cancel()


def _run_again() -> NoReturn:
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:  # this run is of the whole page
        st.rerun()
