"""Finished runs, kept outside the session and bounded in bytes; a reload finds them again."""

import gc
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import streamlit as st

from phenaki_viz.recording.run import Run

MAP_LIMIT = 1 * 2**30  # bytes of maps in one run
KEPT = 2 * 2**30  # bytes of maps in all kept runs
PROGRESS_AFTER = 0.4  # seconds before a bar is worth the flicker

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """A run that is asked for. key: all that decides it. make: computes it, telling how far.

    doing: what the bar says. on_cancel: takes back what led here.
    """

    key: Hashable
    make: Callable[[Tell], Run] = field(compare=False)
    on_cancel: Callable[[], None] = field(compare=False)
    doing: str = "Running the transformer: attention"


@dataclass
class RunShelf:
    """Runs by what made them, the least recently used thrown out when they grow too large."""

    limit_bytes: int = KEPT
    runs: OrderedDict[Hashable, Run] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable) -> Run | None:
        """A kept run, or None."""
        with self.lock:
            if key in self.runs:
                self.runs.move_to_end(key)
            return self.runs.get(key)

    def put(self, key: Hashable, run: Run) -> None:
        """Keep a run; older ones go when all together are over the limit."""
        with self.lock:
            self.runs[key] = run
            while len(self.runs) > 1 and self._bytes() > self.limit_bytes:
                self.runs.popitem(last=False)

    def _bytes(self) -> int:
        return sum(run.recording.nbytes for run in self.runs.values())


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


def get_run(wanted: Wanted) -> Run:
    """The run that is wanted: kept, or computed with a bar that shows after a moment.

    Raises what its `make` raises. The bar's own st.* call is where an overtaken script stops.
    """
    kept = shelf().get(wanted.key)
    if kept is not None:
        return kept
    place = st.empty()
    run = wanted.make(progress_bar(place, wanted.doing, wanted.on_cancel))
    shelf().put(wanted.key, run)  # first kept, then drawn: an overtaken script loses nothing
    place.empty()
    return run


def progress_bar(
    place: st.delta_generator.DeltaGenerator, doing: str, on_cancel: Callable[[], None]
) -> Callable[[int, int], None]:
    """A callback (done, of) that shows a bar and Cancel in `place` once work takes a moment."""
    started = time.perf_counter()
    drawn: list[st.delta_generator.DeltaGenerator] = []

    def show(done: int, of: int) -> None:
        seconds = time.perf_counter() - started
        if seconds < PROGRESS_AFTER:
            return
        left = seconds / max(done, 1) * (of - done)
        text = f"{doing} {done} of {of}, about {left:.0f} s left"
        if not drawn:  # once, so that Cancel stands still under the pointer
            with place.container(horizontal=True, vertical_alignment="center"):
                drawn.append(st.progress(0.0))
                st.button("Cancel", key="cancel", on_click=on_cancel)
        drawn[0].progress(min(done / of, 1.0), text=text)

    return show
