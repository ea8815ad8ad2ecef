"""A picture as one HTML page that needs nothing else, and asks the network for nothing."""

from collections.abc import Callable
from typing import Any

import plotly.io

from phenaki_viz.export.made_by import head_record, html_text
from phenaki_viz.export.map_page import map_page
from phenaki_viz.export.panel_pages import grid_page, strip_page
from phenaki_viz.figures import FilmStrip, HeadGrid, Heatmap, Picture, figure_of
from phenaki_viz.figures.words import plain

DIV_ID = "phenaki-viz-picture"
CONFIG = {"showSendToCloud": False, "displaylogo": False, "responsive": True}
# The browser itself refuses whatever would leave the machine. plotly draws with inline script.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'{script}; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; worker-src blob:; base-uri 'none'; form-action 'none'"
)


# Pictures whose pages draw as the program's own page does; plotly draws curves and surfaces.
PANELS: dict[type[Picture], Callable[[Any], bytes]] = {
    Heatmap: map_page,
    FilmStrip: strip_page,
    HeadGrid: grid_page,
}


def needs_plotly(picture: Picture) -> bool:
    """Whether its page draws with plotly."""
    return type(picture) not in PANELS


def to_html(picture: Picture, script: str | None = None) -> bytes:
    """A page; title, notes and what made it are in it. With plotly inside it has about 5 MB.

    script: file name of plotly.min.js beside the page, which then is small.
    """
    if not needs_plotly(picture):
        return PANELS[type(picture)](picture)
    figure = figure_of(picture, "light").update_layout(paper_bgcolor="#ffffff")
    page: str = plotly.io.to_html(
        figure,
        config=CONFIG,
        include_plotlyjs=script or True,
        include_mathjax=False,
        full_html=True,
        div_id=DIV_ID,
        default_height=f"{figure.layout.height}px",
    )
    policy = POLICY.format(script=" 'self' file:" if script else "")
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html_text(plain(picture.title))}</title>"
        f"{head_record(picture)}"
    )
    return page.replace("</head>", f"{head}</head>", 1).encode()
