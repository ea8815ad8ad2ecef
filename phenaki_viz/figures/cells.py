"""Maps of cells in plotly: weights by colour, masked and wrong cells in colours of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from phenaki_viz.figures.colour import LEFT_OUT_COLOUR, MASKED_COLOUR, WRONG_COLOUR
from phenaki_viz.figures.picture import Axis
from phenaki_viz.figures.theme import LETTER, SMALL, Ink
from phenaki_viz.figures.ticks import axis_ticks
from phenaki_viz.figures.words import literal

NARROW = 290  # pixels of plot that a figure 380 pixels wide has
TICK_ROOM, TITLE_ROOM = 20, 18


@dataclass(frozen=True, kw_only=True)
class Cells:
    """A map to be drawn. values: 'y x'; masked, wrong, left_out: 'y x' bool or None.

    x, y: plotly coordinates, one for each column and row. where: the hover's first lines.
    """

    values: np.ndarray
    x: Sequence[Any] | np.ndarray
    y: Sequence[Any] | np.ndarray
    where: str
    masked: np.ndarray | None = None
    wrong: np.ndarray | None = None
    left_out: np.ndarray | None = None


def cell_traces(cells: Cells, **look: Any) -> list[go.Heatmap]:
    """The map itself with gaps where it must not be read, then what fills the gaps.

    look: colour scale, ends and hover of the map's own trace.
    """
    gaps = [flags for flags in (cells.masked, cells.wrong, cells.left_out) if flags is not None]
    drawn = np.asarray(cells.values, np.float32)
    for flags in gaps:
        drawn = np.where(flags, np.float32(np.nan), drawn)
    traces = [
        go.Heatmap(
            z=drawn, x=cells.x, y=cells.y, name="map", showscale=False, hoverongaps=False, **look
        )
    ]
    if cells.left_out is not None and cells.left_out.any():
        traces.append(_flat(cells, cells.left_out, LEFT_OUT_COLOUR, "left out"))
    if cells.masked is not None and cells.masked.any():
        shown = cells.masked if cells.wrong is None else cells.masked & ~cells.wrong
        traces.append(_flat(cells, shown, MASKED_COLOUR, "masked: may not look"))
    if cells.wrong is not None and cells.wrong.any():
        traces.append(_flat(cells, cells.wrong, WRONG_COLOUR, "not a distribution: not drawn"))
    return traces


def _flat(cells: Cells, flags: np.ndarray, colour: str, said: str) -> go.Heatmap:
    return go.Heatmap(
        z=np.where(flags, np.float32(1), np.float32(np.nan)),
        x=cells.x,
        y=cells.y,
        name=said.partition(":")[0],
        zmin=0,
        zmax=1,
        colorscale=[[0, colour], [1, colour]],
        showscale=False,
        hoverongaps=False,
        hovertemplate=f"{cells.where}<br>{said}<extra></extra>",
    )


def axis_layout(axis: Axis, ink: Ink, *, across: bool) -> tuple[dict[str, Any], float]:
    """A plotly category axis with this axis' ticks, and the pixels of room they and its title take.

    Ticks that would touch each other on a narrow figure are slanted.
    """
    places, labels = axis_ticks(axis)
    cells = len(axis.names)
    slanted = across and not _fit(places, labels, cells)
    shared = {
        "type": "category",
        "title": {
            "text": literal(axis.title),
            "standoff": 6,
            "font": {"size": 12, "color": ink.text},
        },
        "tickmode": "array",
        "tickvals": places,
        "ticktext": [literal(label) for label in labels],
        "tickfont": {"size": SMALL, "color": ink.faint},
        "tickangle": -45 if slanted else 0,
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
        "range": [-0.5, cells - 0.5] if across else [cells - 0.5, -0.5],
    }
    longest = max(map(len, labels), default=0)
    if not across:
        return shared, longest * LETTER + TITLE_ROOM + 6
    return shared, TICK_ROOM + (longest * LETTER * 0.71 if slanted else 0) + TITLE_ROOM


def _fit(places: Sequence[float], labels: Sequence[str], cells: int) -> bool:
    widths = [len(label) * LETTER for label in labels]
    pixels = [place * NARROW / cells for place in places]
    return all(
        pixels[at + 1] - pixels[at] > (widths[at] + widths[at + 1]) / 2 + 2
        for at in range(len(labels) - 1)
    )


def boundaries(axis: Axis, colour: str, *, across: bool) -> list[dict[str, Any]]:
    """Thin lines before each new group, as plotly shapes."""
    own, other = ("x", "y") if across else ("y", "x")
    return [
        {
            "type": "line",
            "name": "boundary",
            f"{own}ref": own,
            f"{own}0": at - 0.5,
            f"{own}1": at - 0.5,
            f"{other}ref": f"{other} domain",
            f"{other}0": 0,
            f"{other}1": 1,
            "line": {"color": colour, "width": 1},
            "opacity": 0.55,
        }
        for at in axis.breaks
    ]
