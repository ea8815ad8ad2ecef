"""The browser's word that the map of a run is painted: what is around it can follow.

The address of this is a secret of the session, another one for each run, told with the selection;
the browser asks for it once, in the frame in which the run's map is first painted.
"""

import secrets
import threading
import weakref
from dataclasses import dataclass, field

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

from phenaki_viz.ui import session

PAINTED_PATH = "phenaki-viz/painted"
_STATE = "map.painted"


@dataclass(eq=False)
class _Word:
    of: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    given: threading.Event = field(default_factory=threading.Event)


# Sessions hold their own; with the session it goes.
_awaited: weakref.WeakValueDictionary[str, _Word] = weakref.WeakValueDictionary()


def painted_address(of: str) -> str:
    """Where this session's browser says that its map of a run is painted. of: names the run."""
    word: _Word | None = session.get(_STATE)
    if word is None or word.of != of:
        word = _Word(of)
        session.put(_STATE, word)
        _awaited[word.secret] = word
    return f"{PAINTED_PATH}/{word.secret}"


def wait_for_paint(seconds: float) -> None:
    """Until the browser has painted the run's map, at most so long; without one not at all."""
    word: _Word | None = session.get(_STATE)
    if word is not None and has_browser():
        word.given.wait(seconds)


def has_browser() -> bool:
    """Whether anybody looks: not where the page's script is run for itself."""
    return st.context.url is not None


async def answer_painted(request: Request) -> Response:
    """Nothing, whether anybody waits for it or not."""
    word = _awaited.get(request.path_params["secret"])
    if word is not None:
        word.given.set()
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
