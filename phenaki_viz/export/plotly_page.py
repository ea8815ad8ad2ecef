"""A figure of plotly as one HTML page: curves and surfaces, which no panel of ours draws."""

import plotly.graph_objects as go
import plotly.io

from phenaki_viz.export.provenance import head_record, html_text
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.words import plain

DIV_ID = "phenaki-viz-picture"
CONFIG = {"showSendToCloud": False, "displaylogo": False, "responsive": True}
# The browser itself refuses whatever would leave the machine. plotly draws with inline script.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'{script}; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; worker-src blob:; base-uri 'none'; form-action 'none'"
)


def plotly_page(picture: Picture, figure: go.Figure, script: str | None) -> bytes:
    """The page of a picture as plotly drew it. script: see `page.to_html`."""
    figure.update_layout(paper_bgcolor="#ffffff")
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
