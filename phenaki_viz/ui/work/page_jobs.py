"""Long work for a fragment, done by the whole page, where Cancel can stop it.

Streamlit lets what is clicked inside a fragment wait until that fragment's run has ended; only a
run of the whole page is overtaken by a click. So a fragment leaves the work here and asks for the
page; the page does it above its content, and the fragment then finds the result where it keeps it.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import NoReturn

import streamlit as st

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.session import here, page
from phenaki_viz.ui.work import run_cache
from phenaki_viz.ui.work.requests import Tell
from phenaki_viz.ui.work.run_cache import PROGRESS_AFTER, RunRequest, progress_bar

_WAITING, _FAILED = "errand.waiting", "errand.failed"


@dataclass(frozen=True)
class Errand:
    """Work to do. do: does it, with its progress, and keeps the result itself.

    key: all that decides it. doing: what the bar says. on_cancel: takes back what led here, so
    that the fragment does not send it again.
    """

    key: Hashable
    do: Callable[[Tell], object]
    doing: str
    on_cancel: Callable[[], None]


def send(errand: Errand) -> NoReturn:
    """Have the page do this; does not return."""
    page.put(_WAITING, replace(errand, do=here(errand.do), on_cancel=here(errand.on_cancel)))
    st.rerun()


def failure(key: Hashable) -> PhenakiVizError | None:
    """Why the last errand could not be done, when it was this one."""
    failed, error = page.get(_FAILED, (None, None))
    return error if failed == key else None


def run_waiting() -> None:
    """Do what a fragment left here, with a bar and Cancel; called by the page, above its content.

    An errand that is overtaken is forgotten: a fragment that still needs it sends it again.
    """
    place = st.empty()
    errand: Errand | None = page.take(_WAITING)
    if errand is None:
        return
    page.drop(_FAILED)
    try:
        errand.do(progress_bar(place, errand.doing, errand.on_cancel))
    except PhenakiVizError as error:
        page.put(_FAILED, (errand.key, error))
    place.empty()


def fetch_run(wanted: RunRequest, seconds: float) -> Run:
    """The run a fragment wants: kept, or made at once when it likely takes no time to speak of.

    seconds: how long it likely takes; longer ones become an errand. Raises what its request raises.
    """
    if error := failure(wanted.request):
        raise error
    if seconds < PROGRESS_AFTER or run_cache.shelf().get(wanted.request) is not None:
        return run_cache.get_run(wanted)
    send(Errand(wanted.request, lambda tell: _make(wanted, tell), wanted.doing, wanted.on_cancel))


def _make(wanted: RunRequest, tell: Tell) -> None:
    run_cache.shelf().put(wanted.request, wanted.request.run(tell))
