"""What is served beside the page: the panels' scripts, plotly.js, and what panels fetch.

Streamlit sends a component's script with every message to it, so what it is given is a few lines
that import the panels from beside the page, where the browser keeps them. Scripts lie under the
digest of them all, so that modules import one another by relative paths and none is ever out of
date. Calls that wait for them go on in any order: an overtaken one is dropped (see stamps.py).
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import plotly
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from phenaki_viz import browser
from phenaki_viz.browser.markup import MARKUP
from phenaki_viz.ui.components.fixed_answers import FOR_A_YEAR, FixedAnswer
from phenaki_viz.ui.components.lines import LINES_PATH, answer_lines
from phenaki_viz.ui.components.painted import PAINTED_PATH, answer_painted
from phenaki_viz.ui.components.stamps import stamped

IMPORT = """const panels = import(new URL("{address}", document.baseURI).href);
export default async (call) => {{
  const {{ isOvertaken, {name}: show }} = await panels;
  return isOvertaken(call) ? undefined : show(call);
}};
"""
_contents: dict[str, bytes] = {}
PLOTLY_FILE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PLOTLY_PATH = "phenaki-viz/plotly.min.js"
PLOTLY_ADDRESS = f"{PLOTLY_PATH}?v={plotly.__version__}"  # a new version is a new address
SCRIPTS_PATH = f"phenaki-viz/{browser.digest()}"
CONTENT_PATH = "phenaki-viz/content"
NOT_HERE = Response(status_code=404)


def asset_routes() -> list[Route]:
    """Routes for `st.App(…, routes=asset_routes())`: scripts, plotly.js, lines of large maps.

    `server.baseUrlPath` is followed: st.App puts its own routes under it, but not these.
    """
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    served = {
        PLOTLY_PATH: _plotly_js,
        f"{CONTENT_PATH}/{{name}}": _content,
        f"{SCRIPTS_PATH}/{{path:path}}": _script,
        f"{LINES_PATH}/{{secret}}": answer_lines,
        f"{PAINTED_PATH}/{{secret}}": answer_painted,
    }
    return [
        Route(f"/{base}/{path}".replace("//", "/"), answer, methods=["GET"])
        for path, answer in served.items()
    ]


async def _plotly_js(request: Request) -> ASGIApp:
    return await run_in_threadpool(plotly_js)


async def _script(request: Request) -> ASGIApp:
    path = request.path_params["path"]
    return our_script(path) if path in browser.scripts() else NOT_HERE


async def _content(request: Request) -> ASGIApp:
    content = _contents.get(request.path_params["name"])
    if content is None:
        return NOT_HERE
    headers = {"Cache-Control": FOR_A_YEAR}  # its address says what it holds
    return Response(content, media_type="application/json", headers=headers)


@cache
def plotly_js() -> FixedAnswer:
    """The plotly.js of the installed package; some 0.3 s the first time."""
    return FixedAnswer(PLOTLY_FILE.read_bytes(), "text/javascript")


@cache
def our_script(path: str) -> FixedAnswer:
    """One of the panels' scripts. path: as `browser.scripts` names it, which has it."""
    return FixedAnswer(browser.scripts()[path], "text/javascript")


def publish(name: str, content: bytes) -> str:
    """Serve JSON beside the page, for a component to fetch when it is asked for; its address."""
    _contents[name] = content
    return f"{CONTENT_PATH}/{name}?v={crc32(content):08x}"


def script_address() -> str:
    """Where the script with every panel lies, relative to the page."""
    return f"{SCRIPTS_PATH}/{browser.entry()}"


class Mount(Protocol):
    """Puts a panel on the page, or what is new of it into the one that is there.

    key: its own, see `named`. content: its message, which is stamped here. answers: callbacks of
    what the browser says, `on_pick_change` and the like.
    """

    def __call__(self, key: str, content: bytes, **answers: Callable[[], None]) -> None:
        """Draw it."""


def declare(name: str, *, isolate_styles: bool = True) -> Mount:
    """Register a panel of `phenaki_viz.browser`, with its style, as a component.

    common.css comes first where styles are kept to the component.
    """
    styles = (["common"] if isolate_styles else []) + [name]
    component: Any = st.components.v2.component(
        f"phenaki_viz_{name}",
        html=MARKUP[name],
        css="".join(map(browser.style, styles)),
        js=IMPORT.format(address=script_address(), name=name),
        isolate_styles=isolate_styles,
    )

    def mount(key: str, content: bytes, **answers: Callable[[], None]) -> None:
        component(key=key, data=stamped(key, content), **answers)

    return mount
