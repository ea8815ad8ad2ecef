"""What the server does before anybody asks for a page, so that the first one need not wait."""

import sys
from contextlib import suppress
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route
from streamlit.logger import get_logger
from streamlit.runtime.state.session_state import WStates

from phenaki_viz.data import digit_clip, read_prompt
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.runs.model import Ask, look, most_frames
from phenaki_viz.ui.source import trained
from phenaki_viz.ui.views import attention, masks, position, sampling, text
from phenaki_viz.ui.work import open_models

PAGE_SCRIPT = Path(__file__).with_name("main.py")
FIRST_PAGE = "attention"

__all__ = [
    "PAGE_SCRIPT",
    "attention",
    "front_routes",
    "masks",
    "position",
    "sampling",
    "text",
    "warm_up",
]


def front_routes() -> list[Route]:
    """Routes for `st.App(…)`: the first page by its name, which Streamlit has at "/" alone.

    A link to `/attention?layer=1` would else open it with "Page not found" over it.
    """
    base = "/".join(("", *(st.get_option("server.baseUrlPath") or "").strip("/").split("/")))
    home = f"{base.rstrip('/')}/"

    def to_the_front(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{home}?{request.url.query}".rstrip("?"))

    return [Route(f"{home}{FIRST_PAGE}", to_the_front, methods=["GET"])]


def mend_states() -> None:
    """Have a session's widget states looked through as they are when the look begins.

    A run that was overtaken may still register a widget while the next one looks for those that
    changed: each has a lock of its own (Streamlit 1.67), and the next run ended in "dictionary
    changed size during iteration", once in some 1,600 moves of eight sessions.
    """
    WStates.__iter__ = lambda states: iter(list(states.states))  # type: ignore[method-assign]


def warm_up() -> None:
    """Import every page's libraries, torch among them, and run the opening model once."""
    mend_states()
    # Streamlit's server and the page script share one interpreter: at Python's 5 ms, what is drawn
    # would wait in the server while the script draws on.
    sys.setswitchinterval(0.0005)
    first = trained.CAPTIONS[0]
    # Streamlit warns of a cache that is filled with no page open, which is the point here.
    warning = get_logger("streamlit.runtime.scriptrunner_utils.script_run_context")
    warning.disabled = True
    with suppress(PhenakiVizError):  # the page says it, and what to do
        model, clip = open_models.shipped().model, digit_clip(first)
        frames = most_frames(model, len(clip.frames))
        look(model, clip, read_prompt(first), Ask(frames=frames))
    warning.disabled = False
