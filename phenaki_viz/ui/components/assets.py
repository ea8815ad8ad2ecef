"""Where the components' own files are, and what is served beside the page: scripts and plotly.js.

Streamlit sends a component's script with every message to it, so what it is given is a few lines
that import the script from beside the page, where the browser keeps it. Calls that wait for it go
on in any order: one whose data are older than what the place has shown is dropped (see stamps.py).
"""

from pathlib import Path
from typing import Any
from zlib import crc32

import plotly
import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

HERE = Path(__file__).parent
IMPORT = """const script = import(new URL("{address}", document.baseURI).href);
export default async (call) => {{
  const {{ default: show }} = await script;
  const {{ data: {{ buffer, byteOffset, byteLength }}, parentElement: root }} = call;
  const stamp = new DataView(buffer, byteOffset, byteLength).getBigUint64(byteLength - 8, true);
  if (stamp < (root.phenakiVizStamp ?? 0n)) return undefined;
  root.phenakiVizStamp = stamp;
  return show(call);
}};
"""
_scripts: dict[str, str] = {}
_contents: dict[str, bytes] = {}
PLOTLY_FILE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PLOTLY_PATH = "phenaki-viz/plotly.min.js"
PLOTLY_ADDRESS = f"{PLOTLY_PATH}?v={plotly.__version__}"  # a new version is a new address
SCRIPTS_PATH = "phenaki-viz/components"
CONTENT_PATH = "phenaki-viz/content"
FOR_A_YEAR = "public, max-age=31536000, immutable"


def asset_routes() -> list[Route]:
    """Routes for `st.App(…, routes=asset_routes())`: plotly.js from the installed package.

    `server.baseUrlPath` is followed: st.App puts its own routes under it, but not these.
    """
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    served = {
        PLOTLY_PATH: _plotly_js,
        f"{SCRIPTS_PATH}/{{name}}.js": _script,
        f"{CONTENT_PATH}/{{name}}": _content,
    }
    return [
        Route(f"/{base}/{path}".replace("//", "/"), answer, methods=["GET"])
        for path, answer in served.items()
    ]


async def _plotly_js(request: Request) -> Response:
    headers = {"Cache-Control": FOR_A_YEAR}
    return FileResponse(PLOTLY_FILE, media_type="text/javascript", headers=headers)


async def _script(request: Request) -> Response:
    script = _scripts.get(request.path_params["name"])
    if script is None:
        return Response(status_code=404)
    headers = {"Cache-Control": FOR_A_YEAR}
    return Response(script, media_type="text/javascript", headers=headers)


async def _content(request: Request) -> Response:
    content = _contents.get(request.path_params["name"])
    if content is None:
        return Response(status_code=404)
    headers = {"Cache-Control": FOR_A_YEAR}
    return Response(content, media_type="application/json", headers=headers)


def publish(name: str, content: bytes) -> str:
    """Serve JSON beside the page, for a component to fetch when it is asked for; its address."""
    _contents[name] = content
    return f"{CONTENT_PATH}/{name}?v={crc32(content):08x}"


def declare(name: str, html: str, *parts: str, isolate_styles: bool = True) -> Any:
    """Register a component whose script and style are `<name>.js` and `<name>.css`.

    common.js and agreement.js come first, then the scripts `parts`: a component is one module,
    without a build step. common.css comes first where styles are kept to the component.
    """
    _scripts[name] = "".join(_read(f"{part}.js") for part in ("common", "agreement", *parts, name))
    address = f"{SCRIPTS_PATH}/{name}.js?v={crc32(_scripts[name].encode()):08x}"
    return st.components.v2.component(
        f"phenaki_viz_{name}",
        html=html,
        css=(_read("common.css") if isolate_styles else "") + _read(f"{name}.css"),
        js=IMPORT.format(address=address),
        isolate_styles=isolate_styles,
    )


def script_of(name: str) -> str:
    """The whole script of a declared component, as it is served."""
    return _scripts[name]


def _read(name: str) -> str:
    """The file without comment lines and indents: it travels with every message to the browser."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    kept = [line.strip() for line in lines if not line.lstrip().startswith("//")]
    return "\n".join(line for line in kept if line) + "\n"
