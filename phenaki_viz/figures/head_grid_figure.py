"""The grid of heads as a Plotly figure: its axes, hover, frames and numbers."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from phenaki_viz.figures.cells import Cells, cell_traces
from phenaki_viz.figures.colour import DIVERGING
from phenaki_viz.figures.head_grid import (
    HeadGrid,
    Mosaic,
    bar_words,
    grid_swatches,
    mosaic_of,
    tile_numbers,
)
from phenaki_viz.figures.paint import unit_colourscale
from phenaki_viz.figures.theme import (
    BAR_ROOM,
    EDGE,
    INK,
    LETTER,
    SMALL,
    Ink,
    Plan,
    Theme,
    bar_trace,
    colour_bar,
    colour_bar_with,
    dress,
)
from phenaki_viz.figures.words import distinct, literal, plain

LONGEST_NAME = 10
HEADS_ROOM = 18  # pixels for the names between colour bar and mosaic
WIDE, WIDEST_TILE, TALLEST = 640, 140, 720


def head_grid_figure(picture: HeadGrid, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """The grid as one image; hover says layer, head and the raw number.

    bare: without title and notes.
    """
    ink, mosaic = INK[theme], mosaic_of(picture)
    bar = bar_trace(picture.bar_scale, _bar(picture, theme))
    figure = go.Figure([*_tiles(picture, mosaic), bar])
    figure.update_layout(
        xaxis=_heads(picture, mosaic, ink),
        yaxis=_layers(picture, mosaic, ink),
        shapes=[*_frames(picture, mosaic, ink), *_outline(picture, mosaic, ink)],
        annotations=_numbers(picture, mosaic),
    )
    dress(figure, picture, theme, bare=bare, plan=_plan(picture, mosaic))
    return figure


def _plan(picture: HeadGrid, mosaic: Mosaic) -> Plan:
    rows, columns = mosaic.shape
    wide = min(WIDE, WIDEST_TILE * mosaic.heads)
    longest = max(len(plain(name, LONGEST_NAME)) for name in picture.layers)
    return Plan(
        body=float(np.clip(wide * rows * mosaic.ratio / columns, 60, TALLEST)),
        left=EDGE + LETTER * longest,
        under=4,
        over=BAR_ROOM + HEADS_ROOM,
        unit=picture.bar_unit,
        swatches=grid_swatches(picture),
    )


def _bar(picture: HeadGrid, theme: Theme) -> dict[str, Any]:
    words = bar_words(picture)
    bar = colour_bar_with(*words, theme) if words else colour_bar(picture.bar_scale, theme)
    return bar | {"ypad": 4 + HEADS_ROOM}


def _tiles(picture: HeadGrid, mosaic: Mosaic) -> list[go.Heatmap]:
    raw, unit = picture.shown, picture.units
    outside = float("nan")
    number = f"<b>{literal(picture.unit)} %{{customdata:.4~g}}</b>"
    cells = Cells(
        values=mosaic.lay(unit, outside),
        x=distinct(_cell_names(picture.heads, mosaic.x, mosaic.gap[1], "column")),
        y=distinct(_cell_names(picture.layers, mosaic.y, mosaic.gap[0], "row")),
        where="%{y}<br>%{x}",
        masked=mosaic.lay(np.isnan(raw), False),
        wrong=mosaic.lay(np.isinf(raw), False),
    )
    return cell_traces(
        cells,
        zmin=0,
        zmax=1,
        colorscale=unit_colourscale(picture.bar_scale.palette),
        customdata=mosaic.lay(raw, outside),
        hovertemplate=f"%{{y}}<br>%{{x}}<br>{number}<extra></extra>",
    )


def _cell_names(names: tuple[str, ...], cells: int, gap: int, what: str) -> tuple[str, ...]:
    rows = [
        f"{name} · {what} {at}" if at < cells else " "
        for name in names
        for at in range(cells + gap)
    ]
    return tuple(rows[:-gap])


def _middles(tiles: int, cells: int, gap: int) -> list[float]:
    return [at * (cells + gap) + (cells - 1) / 2 for at in range(tiles)]


def _names(names: tuple[str, ...], selected: int | None) -> list[str]:
    labels = [literal(plain(name, LONGEST_NAME)) for name in names]
    return [f"<b>{label}</b>" if at == selected else label for at, label in enumerate(labels)]


def _heads(picture: HeadGrid, mosaic: Mosaic, ink: Ink) -> dict[str, Any]:
    selected = picture.selected[1] if picture.selected else None
    return _axis(ink) | {
        "side": "top",
        "tickvals": _middles(mosaic.heads, mosaic.x, mosaic.gap[1]),
        "ticktext": _names(picture.heads, selected),
        "range": [-0.5, mosaic.shape[1] - 0.5],
    }


def _layers(picture: HeadGrid, mosaic: Mosaic, ink: Ink) -> dict[str, Any]:
    selected = picture.selected[0] if picture.selected else None
    return _axis(ink) | {
        "tickvals": _middles(mosaic.layers, mosaic.y, mosaic.gap[0]),
        "ticktext": _names(picture.layers, selected),
        "range": [mosaic.shape[0] - 0.5, -0.5],
        "scaleanchor": "x",
        "scaleratio": mosaic.ratio,
        "constraintoward": "top",
    }


def _axis(ink: Ink) -> dict[str, Any]:
    return {
        "type": "category",
        "constrain": "domain",
        "tickmode": "array",
        "tickangle": 0,
        "ticks": "",
        "tickfont": {"size": SMALL, "color": ink.text},
        "showgrid": False,
        "zeroline": False,
    }


def _frames(picture: HeadGrid, mosaic: Mosaic, ink: Ink) -> list[dict[str, Any]]:
    """A faint line around each tile where the palette's middle is the colour of the page."""
    if picture.bar_scale.palette not in DIVERGING.values():
        return []
    line = {"color": ink.line, "width": 1}
    return [
        {"type": "rect", "name": "tile", "line": line, **_box(mosaic, layer, head, 0)}
        for layer in range(mosaic.layers)
        for head in range(mosaic.heads)
    ]


def _box(mosaic: Mosaic, layer: int, head: int, beyond: float) -> dict[str, float]:
    """Corners of a tile, moved out by a part of the gap around it."""
    row, column = mosaic.corner(layer, head)
    down, across = (gap * beyond for gap in mosaic.gap)
    return {
        "x0": column - 0.5 - across,
        "x1": column + mosaic.x - 0.5 + across,
        "y0": row - 0.5 - down,
        "y1": row + mosaic.y - 0.5 + down,
    }


def _outline(picture: HeadGrid, mosaic: Mosaic, ink: Ink) -> list[dict[str, Any]]:
    if picture.selected is None:
        return []
    return [
        {
            "type": "rect",
            "name": "selected",
            "line": {"color": ink.text, "width": 2.5},
            **_box(mosaic, *picture.selected, 0.5),
        }
    ]


def _numbers(picture: HeadGrid, mosaic: Mosaic) -> list[dict[str, Any]]:
    across = _middles(mosaic.heads, mosaic.x, mosaic.gap[1])
    down = _middles(mosaic.layers, mosaic.y, mosaic.gap[0])
    return [
        {
            "name": "number",
            "text": number,
            "x": across[head],
            "y": down[layer],
            "showarrow": False,
            "font": {"size": SMALL, "color": colour},
        }
        for layer, head, number, colour in tile_numbers(picture)
    ]
