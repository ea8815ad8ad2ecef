"""The linked panels as a page in a frame: for notebooks that are saved, converted or not live."""

import html
from pathlib import Path

from phenaki_viz.browser.linked import Linked
from phenaki_viz.browser.looked import Chosen
from phenaki_viz.errors import ExportError
from phenaki_viz.export.linked_page import linked_html
from phenaki_viz.files import write_bytes

MOST_WEIGHTS = 600_000  # of a stack whose heads all lie in a notebook's output: 2 MB
TALL = 940  # pixels: a frame in a notebook cannot say how tall it is


def framed(linked: Linked, at: Chosen) -> str:
    """HTML for a notebook's output. Nothing in it reaches the notebook, or the network."""
    page = linked_html(linked, at, every_head=linked.weights <= MOST_WEIGHTS).decode()
    return (
        f'<iframe title="{html.escape(linked.title)}" sandbox="allow-scripts" '
        f'style="width:100%;height:{TALL}px;border:0" srcdoc="{html.escape(page)}"></iframe>'
    )


def saved(linked: Linked, at: Chosen, path: str | Path) -> Path:
    """Write the page with every head of the stack. Raises ExportError."""
    path = Path(path)
    if path.suffix.lower() != ".html":
        raise ExportError(f"{path.name} ends in no format: use .html")
    return write_bytes(path, linked_html(linked, at))
