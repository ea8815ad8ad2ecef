"""Any plotly figure on the page: clicks come back, zoom and camera stay."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, cast

import plotly.graph_objects as go

from phenaki_viz.browser.packing import pack
from phenaki_viz.ui.components import selection_sync as sync
from phenaki_viz.ui.components.assets import PLOTLY_ADDRESS, declare
from phenaki_viz.ui.session import named

HEIGHT = 420  # CSS pixels, when neither the call nor the figure says


class FigureClick(TypedDict):
    """A point of a trace (`curve`): cell of a heatmap or surface, else row 0 and its index."""

    row: int
    col: int
    curve: int


_mount = declare("figure", isolate_styles=False)  # plotly writes its style into the document


def figure(
    fig: go.Figure,
    *,
    key: str,
    height: int | None = None,
    alt: str = "",
    title: str = "",
    notes: Sequence[str] = (),
    shows: str = "",
    on_click: Callable[[FigureClick], None] | None = None,
) -> FigureClick | None:
    """Draw a figure; returns the point in the run in which it was clicked, else None.

    height: CSS pixels; default the figure's own. alt: what it shows, for those who cannot see
    it; default its title. title, notes: words over and under it. shows: what it is of, see `said`.
    The page must be served by `st.App(…, routes=asset_routes())`.
    """
    header = {
        "id": key,
        "library": PLOTLY_ADDRESS,
        "height": height or fig.layout.height or HEIGHT,
        "alt": alt or fig.layout.title.text or "figure",
        **{"title": title, "notes": list(notes), "shows": shows},
    }
    text = fig.to_json(validate=False).encode()
    key = named(key)
    event = sync.new_event(key, "click")
    _mount(
        key,
        pack(header, figure=text),
        on_click_change=sync.answering(key, "click", cast(Any, on_click)),
    )
    return cast(FigureClick | None, event)
