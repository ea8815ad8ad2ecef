"""Finished runs, kept outside the session and bounded in bytes; a reload finds them again."""

import gc
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.work.requests import Request, Tell
from phenaki_viz.ui.work.shelves import Shelf

KEPT = 2 * 2**30  # bytes of all kept runs, with their models and clips
PROGRESS_AFTER = 0.4  # seconds before a bar is worth the flicker
GOOD = "run.good"  # the last request of the session that could be made
_bars = itertools.count()


@dataclass(frozen=True)
class RunRequest:
    """A requested run. request: all that decides it, and its key.

    doing: what the bar says. on_cancel: takes back what led here.
    """

    request: Request
    on_cancel: Callable[[], None] = field(compare=False)
    doing: str = "Running the transformer: attention"


class RunShelf(Shelf[Run]):
    """Finished runs by their requests."""

    def __init__(self, limit_bytes: int = KEPT) -> None:
        super().__init__(limit_bytes)

    def beside(self, thing: Run) -> object:
        """The model that is kept beside a run."""
        return find_model(thing) if isinstance(thing, Run) else None


@st.cache_resource(show_spinner=False)
def shelf() -> RunShelf:
    """The one shelf of this server, made after every import.

    Streamlit collects garbage after each script run; what start-up made is taken out of that
    (`gc.freeze`), which cuts a slider's way to the picture from 177 to 53 ms.
    """
    made = RunShelf()
    gc.collect()
    gc.freeze()
    return made


def get_run(wanted: RunRequest) -> Run:
    """The run that is wanted: kept, or computed with a bar that shows after a moment.

    Raises what its request raises. The bar's own st.* call is where an overtaken script stops.
    The bar has its place on the page also where it is not needed: what follows it there would
    else be taken off and drawn anew whenever it is.
    """
    place = st.empty()
    kept = shelf().get(wanted.request)
    if kept is not None:
        return kept
    run = wanted.request.run(progress_bar(place, wanted.doing, wanted.on_cancel))
    shelf().lay(wanted.request, run)  # first kept, then drawn: an overtaken script loses nothing
    place.empty()
    return run


def progress_bar(
    place: st.delta_generator.DeltaGenerator, doing: str, on_cancel: Callable[[], None]
) -> Tell:
    """A callback (done, of) that shows a bar and Cancel in `place` once work takes a moment.

    It hovers at the lower edge of the window (main.py, STYLE), wherever its place is: a bar that is
    needed on a slow machine only must not push away what is looked at. Several of them may be drawn
    in one run of the page, so each has keys of its own.
    """
    number = next(_bars)
    started = time.perf_counter()
    drawn: list[st.delta_generator.DeltaGenerator] = []

    def show(done: int, of: int) -> None:
        seconds = time.perf_counter() - started
        if seconds < PROGRESS_AFTER:
            return
        left = seconds / max(done, 1) * (of - done)
        text = f"{doing} {done} of {of}, about {left:.0f} s left"
        if not drawn:  # once, so that Cancel stands still under the pointer
            with place.container(
                horizontal=True, vertical_alignment="center", key=f"progress.{number}"
            ):
                drawn.append(st.progress(0.0))
                st.button("Cancel", key=f"cancel.{number}", on_click=on_cancel)
        drawn[0].progress(min(done / of, 1.0), text=text)

    return show
