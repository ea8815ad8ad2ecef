"""A page that stands by itself: panels, their data and the script that draws them in one file.

It asks for nothing, and runs no script but that one: the browser itself holds it to that.
"""

import base64
import hashlib
import html
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phenaki_viz import browser
from phenaki_viz.browser.markup import MARKUP

POLICY = (
    "default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
# The names that panels know colours by are those of Streamlit's own pages.
STYLE = """
:root { color-scheme: light dark; --st-text-color: #31333f; --st-background-color: #ffffff;
  --st-secondary-background-color: #f0f2f6; --st-primary-color: #2456c4;
  --st-font: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { :root { --st-text-color: #fafafa;
  --st-background-color: #0e1117; --st-secondary-background-color: #262730;
  --st-primary-color: #7aa7ff; } }
body { margin: 0 auto; padding: 16px; max-width: 1200px; color: var(--st-text-color);
  background: var(--st-background-color); font: 14px/1.5 var(--st-font); }
h1 { font-size: 18px; font-weight: 600; margin: 0 0 12px; overflow-wrap: anywhere; }
footer p { margin: 4px 0 0; opacity: 0.8; overflow-wrap: anywhere; }
"""


@dataclass(frozen=True)
class Mounted:
    """One panel of a page. panel: its name, see `MARKUP`. data: its message."""

    panel: str
    data: bytes

    def element(self, at: str) -> dict[str, str]:
        """For hosts/file.js; at: the id of its place."""
        return {**dress_of(self.panel), "at": at, "data": deflated(self.data)}


def dress_of(panel: str) -> dict[str, str]:
    """What a panel looks like before it draws: its elements and its style."""
    css = browser.style("common") + browser.style(panel)
    return {"panel": panel, "html": MARKUP[panel], "css": css}


# Letters of base 85 that markup means something by, and those that stand for them here.
INERT = str.maketrans("<>&", "./,")


def deflated(data: bytes) -> str:
    """A message as a page holds it."""
    return lettered(zlib.compress(data, 9))


def lettered(content: bytes) -> str:
    """Bytes as text, five letters for four of them, none of which is markup.

    `bytesIn` of numbers/letters.js is the other end.
    """
    return base64.b85encode(content).decode().translate(INERT)


def file_page(
    title: str, panels: Sequence[Mounted], notes: Sequence[str] = (), head: str = ""
) -> bytes:
    """The page. title, notes (lines under the panels): no markup. head: inert elements for it."""
    places = [f"panel-{number}" for number in range(len(panels))]
    elements = [panel.element(at) for panel, at in zip(panels, places, strict=True)]
    return _page(title, places, ("phenaki-viz-panels", elements), notes, head)


def linked_page(
    title: str,
    state: Mapping[str, Any],
    later: Mapping[str, str],
    notes: Sequence[str] = (),
    head: str = "",
) -> bytes:
    """A page of linked panels. state: for hosts/file_linked.js; later: messages by name, behind the
    script: it runs before they are read. The rest as of `file_page`.
    """
    style = f"<style>{browser.style('linked')}</style>"
    held = {**state, "at": "linked"}
    elements = "".join(
        f'<script type="text/plain" id="{html.escape(name)}">{message}</script>'
        for name, message in later.items()
    )
    return _page(title, ["linked"], ("phenaki-viz-linked", held), notes, head + style, elements)


def _page(
    title: str,
    places: Sequence[str],
    held: tuple[str, Any],
    notes: Sequence[str],
    head: str,
    later: str = "",
) -> bytes:
    script = browser.scripts()[browser.FILE_BUNDLE].decode().split("\n", 1)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    boxes = "".join(f'<div id="{at}"></div>' for at in places)
    said, (name, content) = html.escape(title), held
    under = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(digest=digest)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{said}</title>{head}<style>{STYLE}</style></head>\n"
        f"<body><h1>{said}</h1>{boxes}<noscript>This page draws with JavaScript.</noscript>\n"
        f"<footer>{under}</footer>\n"
        f'<script type="application/json" id="{name}">{_inert(content)}</script>\n'
        f'<script type="module" async>{script}</script>{later}</body></html>\n'
    ).encode()


def _inert(content: Any) -> str:
    """JSON that no parser of HTML finds an element in."""
    return json.dumps(content).replace("<", "\\u003c")
