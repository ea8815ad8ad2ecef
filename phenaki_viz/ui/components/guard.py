"""What every answer of the server says about itself, and who is answered at all.

The page is told by its Content-Security-Policy to ask no other machine for anything, and that no
other page may hold it in a frame. A visitor who comes by a name that is not allowed is told what to
do: Streamlit alone would send the page and then refuse its websocket, and the page would wait.
"""

import base64
import hashlib
import re
from functools import cache
from typing import Any

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.logger import get_logger

from phenaki_viz.ui.components.closed_tabs import ClosedTabs
from phenaki_viz.ui.components.front import INDEX, Front

INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# Streamlit hands a component's script over as a blob, and its styles are written in place.
POLICY = (
    "default-src 'none'; script-src 'self' blob:{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; "
    "connect-src 'self'{sockets}; worker-src 'self' blob:; manifest-src 'self'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
NAME = re.compile(r"[A-Za-z0-9.-]{1,253}")
HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?")
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_told: set[str] = set()  # names that the log has said already
MOST_TOLD = 20

log = get_logger("phenaki_viz")


def guards() -> list[Middleware]:
    """Middleware for `st.App(…, middleware=guards())`."""
    return [Middleware(ClosedTabs), Middleware(Guard), Middleware(Front)]


def policy(host: str) -> str:
    """The Content-Security-Policy of the page; Streamlit's own inline script by its digest.

    host: as the browser asked for it: to some browsers a websocket is not of the page's origin.
    """
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return POLICY.format(hashes=_inline_digests(), sockets=sockets)


@cache
def _inline_digests() -> str:
    scripts = INLINE.findall(INDEX.read_text(encoding="utf-8"))
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


class Guard:
    """Headers on every answer, and a sentence for a visitor by another name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        host = Headers(scope=scope).get("host", "")
        answer = _guarded(send, host)
        if not is_allowed(host):
            say_once(host)
            if scope["type"] == "http":
                return await PlainTextResponse(advice(host), 421)(scope, receive, answer)
        return await self.app(scope, receive, answer)


def _guarded(send: Send, host: str) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update({**HEADERS, "Content-Security-Policy": policy(host)})
        await send(message)

    return answer


def is_allowed(host: str) -> bool:
    """Whether a request for this host (name:port) is answered, by `server.allowedHosts`."""
    allowed: list[Any] = st.get_option("server.allowedHosts") or ["*"]
    name = _name_of(host)
    for one in allowed:
        wanted = str(one).strip().lower().rstrip(".")
        if wanted in ("*", name) or (wanted.startswith("*.") and name.endswith(wanted[1:])):
            return True
    return False


def _name_of(host: str) -> str:
    name = host.rpartition(":")[0] if re.search(r":[0-9]*$", host) else host
    return name.lower().rstrip(".")


def advice(host: str) -> str:
    """What to do, for the log and for the visitor."""
    name = _name_of(host)
    name = name if NAME.fullmatch(name) else "NAME"
    return (
        f"This server of phenaki_viz was asked for as {name!r} and answers to "
        f"{', '.join(st.get_option('server.allowedHosts'))} only, so that no other page can reach "
        "it through your browser. If the name is meant, start it with "
        f"`phenaki-viz app --allow-host {name}`. From another machine an SSH tunnel needs no "
        "change: `ssh -L 8501:127.0.0.1:8501 MACHINE`, then open http://127.0.0.1:8501.\n"
    )


def say_once(host: str) -> None:
    """Tell the log, once for each name."""
    if host not in _told and len(_told) < MOST_TOLD:
        _told.add(host)
        log.warning(advice(host).strip())
