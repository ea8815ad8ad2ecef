"""An axis of an attention map in a few words: the browser names the cells itself."""

import re
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.apart import told_apart
from phenaki_viz.figures.picture import Axis, Side
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.recording.axes import TokenAxis
from phenaki_viz.recording.segments import Grid as Patches
from phenaki_viz.recording.segments import Plain, Scattered, Words

Grid = tuple[int, int, int]  # t h w
Place = tuple[int, int, int]  # step, row, column
PLACE = re.compile(r"time (\d{1,9}), row (\d{1,9}), column (\d{1,9})")


@dataclass(frozen=True, kw_only=True)
class MapAxis(Side):
    """One side of a map: null keys first, then words, or the patches of a grid, or plain tokens.

    title: "query" or "key". nulls: how many null keys stand first. words: one a cell after them.
    grid: 't h w' of the cells after the nulls, in that order; 1 where they do not run. origin:
    the place of its first cell (a spatial map of step 3 has grid (1, h, w), origin (3, 0, 0)).
    before: where the cells are words and patches in one sequence, both are given, and so many cells
    stand between the nulls and the grid's first.
    """

    nulls: int = 0
    grid: Grid | None = None
    origin: Place = (0, 0, 0)
    words: tuple[str, ...] | None = None
    before: int = 0

    @property
    def count(self) -> int | None:
        """Cells of this axis; None when it names plain tokens and so fits any length."""
        if self.words is not None:
            return self.nulls + len(self.words)
        return None if self.grid is None else self.nulls + prod(self.grid)

    def name(self, index: int) -> str:
        """A cell in words; `cellName` of numbers/axis.js says the same."""
        if index < self.nulls:
            return f"null {index + 1}"
        at = index - self.nulls
        if self.words is not None:
            return self.words[at]
        if self.grid is None:
            return f"token {at}"
        step, row, column = np.add(np.unravel_index(at, self.grid), self.origin)
        return f"time {step}, row {row}, column {column}"

    def header(self) -> dict[str, Any]:
        """What the browser is sent."""
        return asdict(self)


def axis_of(record: AttentionRecord, item: int, side: str) -> MapAxis:
    """The queries or keys of a recorded map for the browser, which names the cells itself."""
    return _sent(side, record.query_axis(item) if side == "query" else record.key_axis(item))


@lru_cache(maxsize=16)  # asked for at every click
def _sent(title: str, tokens: TokenAxis) -> MapAxis:
    """Names are sent where the browser cannot make them: of words, and of several kinds of tokens
    in a row, of places in another order than a grid's, of a window that goes on at the other side.

    Of several kinds in a row, of which one is a grid, that is sent as well: there a cell is found
    by its place.
    """
    nulls = tokens.nulls
    bare = MapAxis(title=title, nulls=nulls, breaks=tokens.breaks, groups=tokens.groups)
    rest = [(first, one) for first, one in tokens.parts if first >= nulls]
    if len(rest) == 1 and isinstance(rest[0][1], Plain):
        return bare
    match [(first, one) for first, one in rest if isinstance(one, (Patches, Scattered))]:
        case [(first, Patches() as grid)] if grid.is_regular and _ends_inside(grid):
            bare = replace(bare, grid=grid.shape, origin=grid.origin, before=first - nulls)
            if len(rest) == 1:
                return bare
    names = tuple(tokens.names)
    return replace(bare, words=(told_apart(names) if tokens.spans(Words) else names)[nulls:])


def _ends_inside(grid: Patches) -> bool:
    ends = np.add(grid.origin, grid.shape)
    return bool((ends <= grid.whole).all())


def as_map_axis(axis: MapAxis | Axis, cells: int) -> MapAxis:
    """An axis as it is sent to the browser, whichever kind it is of.

    Raises ShapeError when it does not name `cells` cells.
    """
    if isinstance(axis, Axis):
        axis = MapAxis(title=axis.title, words=axis.names, breaks=axis.breaks, groups=axis.groups)
    if axis.count not in (None, cells):
        raise ShapeError(f"the {axis.title} axis names {axis.count} cells, the map has {cells}")
    return axis


def as_grid_axis(axis: Axis) -> MapAxis:
    """An axis without its names where they are those of null keys and a grid of patches.

    Smaller to send, and time steps can be told apart in its margin; every cell is named as before.
    """
    names = axis.names
    nulls = next((at for at, name in enumerate(names) if name != f"null {at + 1}"), len(names))
    words = MapAxis(
        title=axis.title,
        nulls=nulls,
        words=names[nulls:],
        breaks=axis.breaks,
        groups=axis.groups,
    )
    ends = [PLACE.fullmatch(names[at]) for at in (nulls, -1)] if nulls < len(names) else [None]
    if not all(ends):
        return words
    first, last = ([int(one) for one in end.groups()] for end in ends if end)
    step, row, column = (b - a + 1 for a, b in zip(first, last, strict=True))
    if min(step, row, column) < 1 or step * row * column != len(names) - nulls:
        return words
    origin = (first[0], first[1], first[2])
    found = replace(words, words=None, grid=(step, row, column), origin=origin)
    return found if all(found.name(at) == name for at, name in enumerate(names)) else words
