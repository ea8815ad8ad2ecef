"""Curves in plotly: lines, steps, dots and bars, a legend, hover that says the raw numbers."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from phenaki_viz.figures.curves import (
    MOST_MARKED,
    NARROW,
    Curves,
    gap_swatches,
    label_ticks,
    marker_size,
    stroke,
)
from phenaki_viz.figures.theme import INK, LETTER, OVER_THE_PLOT, SMALL, Ink, Plan, Theme, dress
from phenaki_viz.figures.ticks import whole_ticks
from phenaki_viz.figures.words import literal, plain


def curves_figure(picture: Curves, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """All curves; hover says the raw numbers, or each point's own words.

    bare: without title and notes.
    """
    ink = INK[theme]
    draw = _bar if picture.kind == "bar" else _line
    figure = go.Figure([draw(picture, at, theme) for at in range(len(picture.curves))])
    across, room = _x_axis(picture, ink)
    figure.update_layout(
        xaxis=across, yaxis=_y_axis(picture, ink), barmode=_barmode(picture), bargap=0.25
    )
    over = _legend_room(picture)
    figure.update_layout(showlegend=bool(over), legend=_legend(ink))
    plan = Plan(body=300, left=58, under=room, over=over + 8, swatches=gap_swatches(picture))
    dress(figure, picture, theme, bare=bare, plan=plan)
    return figure


def _barmode(picture: Curves) -> str:
    return "group" if picture.side_by_side > 1 else "overlay"


def _legend_room(picture: Curves) -> float:
    """Pixels the legend takes in a narrow figure; 0 when there is nothing to tell apart."""
    letters = [len(plain(curve.name)) for curve in picture.curves if picture.named(curve)]
    if len(picture.curves) < 2 or not letters:
        return 0
    in_row = max(1, int(NARROW / (52 + LETTER * max(letters))))
    return 20 * math.ceil(len(letters) / in_row)


def _shared(picture: Curves, at: int, theme: Theme) -> dict[str, Any]:
    curve, ink = picture.curves[at], INK[theme].text
    look: dict[str, Any] = {
        "x": curve.x,
        "y": curve.y,
        "name": literal(curve.name),
        "showlegend": picture.named(curve),
    }
    if curve.spread is not None:
        look["error_y"] = {"array": curve.spread, "thickness": 1.2, "width": 3, "color": ink}
    if curve.hover:
        words = [literal(said) for said in curve.hover]
        return look | {"customdata": words, "hovertemplate": "%{customdata}<extra></extra>"}
    where = f"{literal(picture.x_title)} %{{x}}<br>{literal(picture.y_title)} <b>%{{y:.4~g}}</b>"
    return look | {"hovertemplate": f"<b>{literal(curve.name)}</b><br>{where}<extra></extra>"}


def _line(picture: Curves, at: int, theme: Theme) -> go.Scatter:
    curve, look = picture.curves[at], stroke(picture, at, theme)
    marked = len(curve.x) <= MOST_MARKED
    lines = "markers" if picture.kind == "dot" else "lines"
    return go.Scatter(
        mode="lines+markers" if marked and lines == "lines" else lines,
        line={
            "color": look.colour,
            "dash": look.dash,
            "width": look.width,
            "shape": "hv" if picture.kind == "step" else "linear",
        },
        marker={"symbol": look.marker, "size": marker_size(picture, look)},
        **_shared(picture, at, theme),
    )


def _bar(picture: Curves, at: int, theme: Theme) -> go.Bar:
    look = stroke(picture, at, theme)
    faint = picture.any_highlighted and not picture.curves[at].highlighted
    return go.Bar(
        marker={
            "color": look.colour,
            "opacity": 0.55 if faint else 1,
            "pattern": {"shape": look.pattern, "solidity": 0.25},
        },
        **_shared(picture, at, theme),
    )


def _legend(ink: Ink) -> dict[str, Any]:
    return {
        **OVER_THE_PLOT,
        "font": {"size": SMALL + 1, "color": ink.text},
        "itemwidth": 36,
    }


def _x_axis(picture: Curves, ink: Ink) -> tuple[dict[str, Any], float]:
    """The axis, and the pixels of room its ticks and title take."""
    axis = _axis(picture.x_title, ink) | {"showgrid": picture.kind != "bar", "zeroline": False}
    if not picture.x_labels:
        return axis, 44
    places, labels = label_ticks(picture.x_labels)
    longest = max(map(len, labels)) * LETTER
    steep = len(labels) * (longest + 6) > NARROW
    axis |= {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": [literal(label) for label in labels],
        "tickangle": -60 if steep else 0,
        "range": [-0.6, len(picture.x_labels) - 0.4],
    }
    return axis, 44 + (longest * 0.87 if steep else 0)


def _y_axis(picture: Curves, ink: Ink) -> dict[str, Any]:
    axis = _axis(picture.y_title, ink)
    if picture.log_y:
        axis |= {"type": "log", "dtick": 1, "exponentformat": "power"}
    if picture.kind == "bar" and not picture.log_y:
        axis |= {"rangemode": "tozero"}
    if picture.whole_y:
        most = max((float(np.max(c.y)) for c in picture.curves if len(c.y)), default=0.0)
        ticks = whole_ticks(np.arange(most + 1), 7)
        axis |= {"tickmode": "array", "tickvals": ticks, "ticktext": [f"{t:,}" for t in ticks]}
        axis |= {"range": [0, 1.08 * max(most, 1)]}
    return axis


def _axis(title: str, ink: Ink) -> dict[str, Any]:
    return {
        "title": {"text": literal(title), "standoff": 8, "font": {"size": 12, "color": ink.text}},
        "tickfont": {"size": SMALL, "color": ink.faint},
        "gridcolor": ink.line,
        "zerolinecolor": ink.faint,
        "zerolinewidth": 1,
        "linecolor": ink.faint,
        "showgrid": True,
        "automargin": True,
    }
