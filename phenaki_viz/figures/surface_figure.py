"""A surface in plotly: in 3-D to turn, and flat, cell by cell."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from phenaki_viz.figures.paint import line_over, raw_colourscale, unit_colourscale
from phenaki_viz.figures.surface import Edges, Surface, signed, trained_swatch
from phenaki_viz.figures.theme import (
    CLEAR,
    INK,
    LETTER,
    SMALL,
    Ink,
    Plan,
    Theme,
    colour_bar,
    dress,
    legend_of,
)
from phenaki_viz.figures.ticks import whole_ticks
from phenaki_viz.figures.words import literal

TICK_ROOM, TITLE_ROOM = 20, 18  # pixels
LIFT = 0.012  # of the line over the surface, so that it is not half inside it


def surface_figure(picture: Surface, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """The surface in 3-D; height and hover are raw values, colours follow the scale.

    bare: without title and notes.
    """
    figure = go.Figure([_surface(picture, theme), *_outline(picture)])
    figure.update_layout(scene=_scene(picture, INK[theme]))
    plan = Plan(
        body=360, unit=picture.z_title, swatches=trained_swatch(picture, theme), below="paper"
    )
    dress(figure, picture, theme, bare=bare, plan=plan)
    return figure


def flat_figure(picture: Surface, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """A surface's numbers flat, one cell each, y downwards as rows of a frame go.

    bare: without title and notes.
    """
    ink = INK[theme]
    figure = go.Figure([_flat(picture), legend_of(picture.scale, theme)])
    across, down = (
        _offset_axis(picture.x, picture.x_title, ink),
        _offset_axis(picture.y, picture.y_title, ink),
    )
    down["range"] = down["range"][::-1]
    figure.update_layout(
        xaxis=across | {"constrain": "domain"},
        yaxis=down | {"scaleanchor": "x", "constrain": "domain", "constraintoward": "top"},
        shapes=_rectangle(picture),
    )
    body = float(np.clip(600 * len(picture.y) / len(picture.x), 160, 440))
    plan = Plan(
        body=body,
        left=4 * LETTER + TITLE_ROOM + 6,
        under=TICK_ROOM + TITLE_ROOM,
        unit=picture.z_title,
        swatches=trained_swatch(picture, theme),
    )
    dress(figure, picture, theme, bare=bare, plan=plan)
    return figure


def _where(picture: Surface) -> str:
    return f"{literal(picture.y_title)} %{{y:d}}<br>{literal(picture.x_title)} %{{x:d}}"


def _surface(picture: Surface, theme: Theme) -> go.Surface:
    said = f"<b>{literal(picture.z_title)} %{{z:.4~g}}</b>"
    return go.Surface(
        z=np.asarray(picture.z, np.float32),
        x=picture.x,
        y=picture.y,
        surfacecolor=picture.scale.unit(picture.z),
        cmin=0,
        cmax=1,
        colorscale=unit_colourscale(picture.scale.palette),
        colorbar=colour_bar(picture.scale, theme),
        hovertemplate=f"{_where(picture)}<br>{said}<extra></extra>",
        name="surface",
        # Little light and shade, so that a colour means the same on every slope.
        lighting={"ambient": 0.85, "diffuse": 0.25, "specular": 0.02, "roughness": 0.9},
        contours={
            "x": _mesh(picture.x),
            "y": _mesh(picture.y),
        },
    )


def _mesh(places: np.ndarray) -> dict[str, Any]:
    """Lines over the surface at whole offsets, as many as stay apart."""
    ticks = whole_ticks(places, 13)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1
    return {
        "show": True,
        "start": float(places[0]),
        "end": float(places[-1]),
        "size": step,
        "color": "rgba(20,24,33,0.35)",
        "width": 1,
        "highlight": False,
    }


def _outline(picture: Surface) -> list[go.Scatter3d]:
    """The trained range as a line that lies on the surface."""
    if picture.trained is None:
        return []
    x, y = outline_path(picture, picture.trained)
    return [
        go.Scatter3d(
            x=x,
            y=y,
            z=height_at(picture, x, y) + LIFT * _span(picture.z),
            mode="lines",
            line={"color": line_over(picture.scale.palette), "width": 6},
            hoverinfo="skip",
            showlegend=False,
            name="trained range",
        )
    ]


def _span(z: np.ndarray) -> float:
    finite = z[np.isfinite(z)]
    return float(finite.max() - finite.min()) if finite.size else 0.0


def outline_path(picture: Surface, trained: Edges) -> tuple[np.ndarray, np.ndarray]:
    """The border of a range at every grid line it meets, closed: two 'p' arrays."""
    xlo, xhi, ylo, yhi = trained
    along, down = _stops(picture.x, xlo, xhi), _stops(picture.y, ylo, yhi)
    x = [along, np.full(down.size, along[-1]), along[::-1], np.full(down.size, along[0])]
    y = [np.full(along.size, down[0]), down, np.full(along.size, down[-1]), down[::-1]]
    return np.concatenate(x), np.concatenate(y)


def _stops(places: np.ndarray, low: float, high: float) -> np.ndarray:
    """Both ends, held within the grid, and the grid's places between them."""
    ends = np.clip([low, high], places[0], places[-1])
    return np.unique([*ends, *places[(places > ends[0]) & (places < ends[1])]])


def height_at(picture: Surface, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Height of the surface at places between its grid points (bilinear), 'p'."""
    by_row = np.stack([np.interp(x, picture.x, row) for row in picture.z])
    return np.array([np.interp(at, picture.y, by_row[:, p]) for p, at in enumerate(y)])


def _scene(picture: Surface, ink: Ink) -> dict[str, Any]:
    rows, columns = len(picture.y), len(picture.x)
    longest = max(rows, columns)
    plain_axis = {
        "showbackground": False,
        "gridcolor": ink.grid,
        "zeroline": False,
        "showspikes": False,
        "tickfont": {"size": SMALL, "color": ink.faint},
    }
    return {
        "xaxis": plain_axis | _ticks3d(picture.x, picture.x_title),
        "yaxis": plain_axis | _ticks3d(picture.y, picture.y_title),
        "zaxis": plain_axis | {"title": {"text": "", "font": {"size": 12}}, "nticks": 6},
        "aspectmode": "manual",
        "aspectratio": {
            "x": max(columns / longest, 0.4),
            "y": max(rows / longest, 0.4),
            "z": 0.55,
        },
        "camera": {
            "eye": {"x": 1.36, "y": -1.48, "z": 0.92},
            "center": {"x": 0, "y": 0, "z": -0.12},
        },
        "bgcolor": CLEAR,
    }


def _ticks3d(places: np.ndarray, title: str) -> dict[str, Any]:
    ticks = whole_ticks(places, 7)
    return {
        "title": {"text": literal(title), "font": {"size": 12}},
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [signed(tick) for tick in ticks],
    }


def _offset_axis(places: np.ndarray, title: str, ink: Ink) -> dict[str, Any]:
    ticks = whole_ticks(places, 11)
    half = (float(places[1]) - float(places[0])) / 2 if len(places) > 1 else 0.5
    return {
        "title": {"text": literal(title), "standoff": 6, "font": {"size": 12, "color": ink.text}},
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [signed(tick) for tick in ticks],
        "tickfont": {"size": SMALL, "color": ink.faint},
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
        "range": [float(places[0]) - half, float(places[-1]) + half],
        "showline": True,
        "mirror": True,
        "linecolor": ink.line,
    }


def _flat(picture: Surface) -> go.Heatmap:
    low, high = picture.scale.ends
    said = f"<b>{literal(picture.z_title)} %{{z:.4~g}}</b><extra></extra>"
    return go.Heatmap(
        **{"z": np.asarray(picture.z, np.float32), "x": picture.x, "y": picture.y},
        name="map",
        showscale=False,
        hoverongaps=False,
        zmin=low,
        zmax=high,
        colorscale=raw_colourscale(picture.scale),
        hovertemplate=f"{_where(picture)}<br>{said}",
    )


def _rectangle(picture: Surface) -> list[dict[str, Any]]:
    if picture.rectangle is None:
        return []
    x0, x1, y0, y1 = picture.rectangle
    line = {"color": line_over(picture.scale.palette), "width": 2}
    return [
        {"type": "rect", "name": "trained", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "line": line}
    ]
