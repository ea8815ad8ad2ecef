"""Tracks in plotly: frames, paths over them, every patch to point at and to click."""

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from phenaki_viz.figures.colour import QUERY_COLOUR
from phenaki_viz.figures.film_layout import step_words
from phenaki_viz.figures.theme import CLEAR, INK, Ink, Plan, Theme, dress
from phenaki_viz.figures.track_marks import (
    Dot,
    Line,
    Panel,
    Stage,
    caption_of,
    dots_of,
    lines_of,
    outlines_of,
    patch_size,
    shown_frame,
    stage_of,
)
from phenaki_viz.figures.tracks import LOOKS, TRUE_COLOUR, Tracks
from phenaki_viz.figures.words import literal

WIDE, CASING = 7.0, 2.4  # pixels: of a line that is sure, and of the dark edge around every line
SHADE = "rgba(0,0,0,0.55)"
SYMBOLS = {"●": "circle", "■": "square", "◆": "diamond", "▲": "triangle-up", "▼": "triangle-down"}
OVER = 10  # pixels between the legend and the frames
BODY = 460  # pixels of a page's figure about 1,100 wide


def tracks_figure(picture: Tracks, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """Every panel with its marks; pointing at a patch names it. bare: without title, notes and
    the heads' legend, for a page that has them.

    The first traces are the patches of the panels in their order: what is clicked is (panel, row,
    column).
    """
    ink, stage = INK[theme], stage_of(picture)
    figure = go.Figure(
        [
            *(_patches(picture, panel) for panel in stage.panels),
            *(_frame(picture, panel) for panel in stage.panels),
            *_lines(picture, stage),
            *_points(picture, stage, ink),
        ]
    )
    figure.update_layout(
        xaxis={"range": [0, stage.width], "visible": False, "constrain": "domain"},
        yaxis={
            "range": [stage.height, 0],
            "visible": False,
            "scaleanchor": "x",
            "constrain": "domain",
            "constraintoward": "top",
        },
        shapes=_outlines(picture, stage),
        annotations=_captions(picture, stage, ink),
    )
    body = min(660 * stage.height / stage.width, BODY)
    swatches = picture.swatches(theme, heads=not bare)
    plan = Plan(body=body, over=OVER, swatches=swatches)
    dress(figure, picture, theme, bare=bare, plan=plan)
    return figure


def _frame(picture: Tracks, panel: Panel) -> go.Image:
    buffer = BytesIO()
    Image.fromarray(shown_frame(picture, panel)).save(buffer, "PNG")
    half = panel.large / 2  # an image's x0 is the middle of its first pixel
    return go.Image(
        source=f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}",
        x0=panel.left + half, dx=panel.large, y0=panel.top + half, dy=panel.large,
        hoverinfo="skip", name="frame",
    )  # fmt: skip


def _patches(picture: Tracks, panel: Panel) -> go.Heatmap:
    """Clear cells that say which patch is pointed at, and which heads are there."""
    rows, columns = picture.grid
    down, across = (side * panel.large for side in patch_size(picture))
    return go.Heatmap(
        z=np.zeros(picture.grid),
        x0=panel.left + across / 2, dx=across, y0=panel.top + down / 2, dy=down,
        colorscale=[[0, CLEAR], [1, CLEAR]], showscale=False, name="patches",
        text=[[_said(picture, panel, row, column) for column in range(columns)]
              for row in range(rows)],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _said(picture: Tracks, panel: Panel, row: int, column: int) -> str:
    steps = range(len(picture.steps)) if panel.step is None else (panel.step,)
    when = "" if panel.step is None else f"time {panel.step}, "
    found = [f"<b>{when}row {row}, column {column}</b>"]
    for line in picture.lines:
        for step in steps:
            if tuple(line.places[step]) == (row, column) and np.isfinite(line.shares[step]):
                found.append(_chosen(picture, line.name, step, line.shares[step]))
    for step in steps:
        if picture.path is not None and tuple(picture.path[step]) == (row, column):
            whose = literal(picture.truth_name) or "the object"
            found.append(f"{whose} at time {step}")
    return "<br>".join(found)


def _chosen(picture: Tracks, name: str, step: int, share: float) -> str:
    verb = "looks here most" if picture.direction == "row" else "is looked at from here most"
    return f"{literal(name)} {verb} at time {step}: {share:.2f} of its weight on that step"


def _points(picture: Tracks, stage: Stage, ink: Ink) -> list[go.Scatter]:
    """The dots, a trace a head; patches under them answer the pointer."""
    dots = list(dots_of(picture, stage))
    return [
        _trace([dot for dot in dots if dot.line == at], line.name, LOOKS[at][1], ink)
        for at, line in enumerate(picture.lines)
    ]


def _trace(dots: list[Dot], name: str, mark: str, ink: Ink) -> go.Scatter:
    """Numbers are in ink on the page's own colour, whatever the frame under them is like."""
    return go.Scatter(
        x=[dot.x for dot in dots],
        y=[dot.y for dot in dots],
        mode="markers+text",
        text=[dot.number for dot in dots],
        textfont={"size": [10 if len(dot.number) < 3 else 8.5 for dot in dots],
                  "color": ink.text},
        name=literal(name),
        hoverinfo="skip",
        showlegend=False,
        marker={
            "symbol": SYMBOLS[mark],
            "size": [(16 if dot.large else 9) + 7 * dot.sure + 4 * (len(dot.number) > 2)
                     for dot in dots],
            "color": [ink.page if dot.large else SHADE if dot.hollow else dot.colour
                      for dot in dots],
            "line": {"color": [dot.colour for dot in dots],
                     "width": [1.4 if dot.large and dot.hollow else 2.4 for dot in dots]},
            "opacity": 1,
        },
    )  # fmt: skip


def _lines(picture: Tracks, stage: Stage) -> list[go.Scatter]:
    """Each piece on a darker, wider one, so that it shows on any frame; like ones in one trace."""
    edges: dict[float, list[Line]] = {}
    lines: dict[tuple[int | None, float], list[Line]] = {}
    for one in lines_of(picture, stage):
        width = _width(one)
        edges.setdefault(width, []).append(one)
        lines.setdefault((one.line, width), []).append(one)
    return [
        *(_pieces(some, "edge", {"color": SHADE, "width": width + CASING})
          for width, some in edges.items()),
        *(_pieces(some, "true path" if line is None else "path", _look(some[0], width))
          for (line, width), some in lines.items()),
    ]  # fmt: skip


def _width(one: Line) -> float:
    """In pixels, in halves of one: the fewer widths, the fewer traces."""
    if one.line is None:
        return 1.5
    return 1.0 + round(2 * WIDE * one.sure * (0.6 if one.faint else 1)) / 2


def _look(one: Line, width: float) -> dict[str, Any]:
    return {"color": one.colour, "width": width, "dash": "4px,3px" if one.line is None else "solid"}


def _pieces(some: list[Line], name: str, look: dict[str, Any]) -> go.Scatter:
    return go.Scatter(
        x=[at for one in some for at in (one.x0, one.x1, None)],
        y=[at for one in some for at in (one.y0, one.y1, None)],
        mode="lines", line=look, name=name, hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _outlines(picture: Tracks, stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in outlines_of(picture, stage):
        width = 1.2 if one.true else 2.0
        ends = {
            "type": "rect",
            **{"x0": one.x, "y0": one.y, "x1": one.x + one.width, "y1": one.y + one.height},
        }
        found.append(ends | {"name": "edge", "line": {"color": SHADE, "width": width + CASING}})
        colour, dash = (TRUE_COLOUR, "3px,3px") if one.true else (QUERY_COLOUR, "solid")
        line = {"color": colour, "width": width, "dash": dash}
        found.append(ends | {"name": "true patch" if one.true else "start", "line": line})
    return found


def _captions(picture: Tracks, stage: Stage, ink: Ink) -> list[dict[str, Any]]:
    _, height, width, _ = picture.frames.shape
    return [
        {
            "name": "caption",
            "text": _caption(picture, panel, ink),
            "x": panel.left + panel.large * width / 2,
            "y": panel.top + panel.large * height,
            "yanchor": "top",
            "yshift": 3,
            "showarrow": False,
            "font": {"size": 11, "color": ink.text},
        }
        for panel in stage.panels
    ]


def _caption(picture: Tracks, panel: Panel, ink: Ink) -> str:
    said = caption_of(picture, panel)
    if panel.step is None:
        return said
    return f'{said} <span style="color:{ink.faint}">{step_words(picture.steps[panel.step])}</span>'
