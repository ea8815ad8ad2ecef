"""What is served beside the page: the panels' scripts, plotly.js, and what panels fetch.

Streamlit sends a component's script with every message to it, so what it is given is a few lines
that import the panels from beside the page, where the browser keeps them. Scripts lie under the
digest of them all, so that modules import one another by relative paths and none is ever out of
date. Calls that wait for them go on in any order: an overtaken one is dropped (see stamps.py).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import plotly
import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from phenaki_viz import browser
from phenaki_viz.browser.markup import MARKUP
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
FOR_A_YEAR = "public, max-age=31536000, immutable"


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


async def _plotly_js(request: Request) -> Response:
    headers = {"Cache-Control": FOR_A_YEAR}
    return FileResponse(PLOTLY_FILE, media_type="text/javascript", headers=headers)


async def _script(request: Request) -> Response:
    return _kept(browser.scripts().get(request.path_params["path"]), "text/javascript")


async def _content(request: Request) -> Response:
    return _kept(_contents.get(request.path_params["name"]), "application/json")


def _kept(content: bytes | None, media_type: str) -> Response:
    """An answer that the browser never asks for again: its address says what it holds."""
    if content is None:
        return Response(status_code=404)
    headers = {"Cache-Control": FOR_A_YEAR}
    return Response(content, media_type=media_type, headers=headers)


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
