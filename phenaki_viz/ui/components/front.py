"""Streamlit's own front end, handed out without delay: from memory, and asked for at the start.

A first page loads some 110 of Streamlit's scripts. Its server opens, stats and reads the file of
each in a thread, behind four middlewares; and half of them, those of single widgets, are asked for
only once the first widget has arrived, in the very moment in which the page is to be drawn. Here
they come from memory, a quarter of their bytes, and the page names them all in its head, beside the
panels' own script.
"""

import mimetypes
import re
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from phenaki_viz.ui.components.assets import plotly_js, script_address
from phenaki_viz.ui.components.fixed_answers import FixedAnswer

STATIC = Path(st.__file__).parent / "static"
INDEX = STATIC / "index.html"
# What every page of this app draws, as Streamlit names the scripts of its widgets.
WIDGETS = (
    "BidiComponent", "Html", "ButtonGroup", "Button", "Selectbox", "Slider", "NumberInput",
    "TextInput", "Multiselect", "FileUploader", "DownloadButton",
)  # fmt: skip
# How one of Streamlit's scripts names another that it cannot do without.
IMPORTED = re.compile(r"(?:from|import)\s*[`\"']\./([\w.-]+\.js)[`\"']")
NAMED = re.compile(r"\./static/js/([\w.-]+\.js)")  # in the page
_held: dict[str, FixedAnswer] = {}  # by name


class Front:
    """Answers for Streamlit's static files and its page; everything else goes on to the app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self.app(scope, receive, send)
        name = _below_base(scope["path"])
        if name in _static_names():
            if name not in _held:
                await run_in_threadpool(static_file, name)
            return await _held[name](scope, receive, send)
        if "text/html" in Headers(scope=scope).get("accept", ""):
            with_links = _page_with_links(scope, receive, send)
            return await self.app(_asked_anew(scope), receive, with_links)
        return await self.app(scope, receive, send)


def _below_base(path: str) -> str:
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return path.removeprefix(f"/{base}").lstrip("/") if base else path.lstrip("/")


@cache
def _static_names() -> frozenset[str]:
    """Of the files whose names hold a digest of what is in them: no other ever has this name."""
    files = (STATIC / "static").rglob("*")
    return frozenset(path.relative_to(STATIC).as_posix() for path in files if path.is_file())


def static_file(name: str) -> FixedAnswer:
    """The answer that is one of Streamlit's files, kept by the browser for a year.

    name: below the base of the app, as static/js/index.DormvYxC.js.
    """
    if name not in _held:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        _held[name] = FixedAnswer((STATIC / name).read_bytes(), kind)
    return _held[name]


def keep_first_page() -> None:
    """Have in memory what every first page asks for: a third of a second, once."""
    page()
    for name in (*_named(), *scripts_of(WIDGETS)):
        static_file(f"static/js/{name}")
    plotly_js()


def _asked_anew(scope: Scope) -> Scope:
    """The request without what the browser has: Streamlit's digest says nothing of the links."""
    kept = [
        one for one in scope["headers"] if one[0] not in (b"if-none-match", b"if-modified-since")
    ]
    return {**scope, "headers": kept}


def _page_with_links(scope: Scope, receive: Receive, send: Send) -> Send:
    """Sends Streamlit's page with `links()` in its head, and every other answer as it is."""
    is_page = False

    async def answer(message: Message) -> None:
        nonlocal is_page
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            is_page = message["status"] == 200 and "text/html" in headers.get("content-type", "")
            if is_page:
                return await page()(scope, receive, send)
        if not is_page:
            await send(message)

    return answer


@cache
def page() -> FixedAnswer:
    """Streamlit's page, which also names what it will ask for once it knows what to draw."""
    text = INDEX.read_text(encoding="utf-8").replace("</head>", f"{links()}</head>", 1)
    return FixedAnswer(text.encode(), "text/html", cache="no-cache")


def links() -> str:
    """HTML: a `modulepreload` for each script of the first page that Streamlit's does not name."""
    named = _named()
    more = [f"./static/js/{name}" for name in scripts_of(WIDGETS) if name not in named]
    link = '<link rel="modulepreload" crossorigin href="{}">\n'
    return "".join(link.format(address) for address in (f"./{script_address()}", *more))


def _named() -> frozenset[str]:
    return frozenset(NAMED.findall(INDEX.read_text(encoding="utf-8")))


def scripts_of(widgets: tuple[str, ...]) -> list[str]:
    """Files of these widgets and of all that they import, a widget before what it needs.

    One that this version of Streamlit has not is left out: the page asks for it when it is drawn.
    """
    found: dict[str, None] = {}
    waiting = [name for widget in widgets for name in _script_named(widget)]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += _imports(name)
    return list(found)


def _script_named(widget: str) -> list[str]:
    return [path.name for path in sorted((STATIC / "static" / "js").glob(f"{widget}.*.js"))]


def _imports(name: str) -> list[str]:
    path = STATIC / "static" / "js" / name
    return IMPORTED.findall(path.read_text(encoding="utf-8")) if path.is_file() else []
