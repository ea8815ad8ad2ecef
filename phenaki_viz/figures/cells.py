"""Maps of cells in plotly: weights by colour, masked and wrong cells in colours of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from phenaki_viz.figures.colour import MASKED_COLOUR, WRONG_COLOUR

NARROW = 290  # pixels of plot that a figure 380 pixels wide has
TICK_ROOM, TITLE_ROOM = 20, 18


@dataclass(frozen=True, kw_only=True)
class Cells:
    """A map to be drawn. values: 'y x'; masked, wrong: 'y x' bool or None.

    x, y: plotly coordinates, one for each column and row. where: the hover's first lines.
    """

    values: np.ndarray
    x: Sequence[Any] | np.ndarray
    y: Sequence[Any] | np.ndarray
    where: str
    masked: np.ndarray | None = None
    wrong: np.ndarray | None = None


def cell_traces(cells: Cells, **look: Any) -> list[go.Heatmap]:
    """The map itself with gaps where it must not be read, then what fills the gaps.

    look: colour scale, ends and hover of the map's own trace.
    """
    gaps = [flags for flags in (cells.masked, cells.wrong) if flags is not None]
    drawn = np.asarray(cells.values, np.float32)
    for flags in gaps:
        drawn = np.where(flags, np.float32(np.nan), drawn)
    traces = [
        go.Heatmap(
            z=drawn, x=cells.x, y=cells.y, name="map", showscale=False, hoverongaps=False, **look
        )
    ]
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
