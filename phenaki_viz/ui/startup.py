"""What the server does before the first page, so that it need not wait."""

import pkgutil
import socket
import sys
from asyncio import base_events
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route
from streamlit.logger import get_logger
from streamlit.runtime.state.session_state import WStates

from phenaki_viz import ui
from phenaki_viz.data import digit_clip, read_prompt
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.export import kinds
from phenaki_viz.runs.model import RunOptions
from phenaki_viz.runs.model_parts import most_frames
from phenaki_viz.ui.components import front
from phenaki_viz.ui.lookups import mend_lookups
from phenaki_viz.ui.source import trained
from phenaki_viz.ui.work import open_models, run_cache
from phenaki_viz.ui.work.requests import LookRequest

PAGE_SCRIPT = Path(__file__).with_name("main.py")
FIRST_PAGE = "attention"

# What the first run of the page script would else import while its visitor waits.
LATE = ("plotly.io", "plotly.graph_objects", "streamlit.emojis", "streamlit.material_icon_names")


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


def send_at_once() -> None:
    """Send what is written at once, not when the browser has confirmed what was sent before.

    asyncio does so with sockets that name their protocol; those that Streamlit listens on (1.67) do
    not, and every answer of two parts, every second message of a run, waits for up to 40 ms.
    """

    def without_delay(connection: socket.socket) -> None:
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    base_events._set_nodelay = without_delay  # type: ignore[attr-defined]


def import_pages() -> None:
    """Everything that a page is made of, torch and plotly with it."""
    for room in (ui, kinds):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if module.name not in (__name__, f"{ui.__name__}.{PAGE_SCRIPT.stem}"):
                import_module(module.name)
    for name in LATE:
        import_module(name)


def warm_up() -> None:
    """Import every page and its libraries, and run the opening model once."""
    mend_states()
    mend_lookups()
    send_at_once()
    import_pages()
    front.keep_first_page()
    # Streamlit's server and the page script share one interpreter: at Python's 5 ms, what is drawn
    # would wait in the server while the script draws on.
    sys.setswitchinterval(0.0005)
    # Streamlit warns of a cache that is filled with no page open, which is the point here.
    warning = get_logger("streamlit.runtime.scriptrunner_utils.script_run_context")
    warning.disabled = True
    with suppress(PhenakiVizError):  # the page says it, and what to do
        request = opening_request()
        run_cache.shelf().put(request, request.run(lambda done, of: None))
    warning.disabled = False


def opening_request() -> LookRequest:
    """The request of a page whose address says nothing. Raises CheckpointError."""
    first = trained.CAPTIONS[0]
    model, clip = open_models.shipped().model, digit_clip(first)
    options = RunOptions(frames=most_frames(model, len(clip.frames)))
    return LookRequest(model=model, clip=clip, prompt=read_prompt(first), options=options)
