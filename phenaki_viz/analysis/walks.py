"""The way of a patch that walks: one round along an axis of the video, from where it stands."""

from typing import Literal

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import Place

Along = Literal["frames", "row", "column", "all"]


def walk_places(place: Place, along: Along, grid: tuple[int, int, int]) -> list[Place]:
    """Every place (step, row, column) of one round, `place` first; round at the end of the axis.

    along: "frames" changes the step, "row" the column, "column" the row; "all" goes over every
    patch of the grid 't h w'. Raises ShapeError for a place outside the grid.
    """
    if any(not 0 <= at < size for at, size in zip(place, grid, strict=True)):
        raise ShapeError(f"place {place} is outside the grid {grid}")
    if along == "all":
        start = int(np.ravel_multi_index(place, grid))
        order = (np.arange(np.prod(grid)) + start) % np.prod(grid)
        return [_place(*at) for at in zip(*np.unravel_index(order, grid), strict=True)]
    axis = {"frames": 0, "row": 2, "column": 1}[along]
    places = []
    for step in range(grid[axis]):
        at = list(place)
        at[axis] = (at[axis] + step) % grid[axis]
        places.append(_place(*at))
    return places


def _place(t: int, h: int, w: int) -> Place:
    return int(t), int(h), int(w)
