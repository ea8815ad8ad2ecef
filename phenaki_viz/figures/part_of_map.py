"""A part of a map as a picture of its own: the part that is zoomed to."""

from dataclasses import replace

import numpy as np

from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.picture import Axis

Window = tuple[int, int, int, int]  # r0 r1 c0 c1, ends excluded


def part_of_map(picture: Heatmap, window: Window) -> Heatmap:
    """The rows and columns of a window, with their names; title, file name and record say which."""
    r0, r1, c0, c1 = window
    rows, columns = slice(r0, r1), slice(c0, c1)

    def cells(flags: np.ndarray | None) -> np.ndarray | None:
        return None if flags is None else flags[rows, columns]

    said = f"queries {r0} to {r1 - 1}, keys {c0} to {c1 - 1}"
    return replace(
        picture,
        name=f"{picture.name}_rows_{r0}-{r1 - 1}_columns_{c0}-{c1 - 1}",
        title=f"{picture.title} · {said}",
        provenance={**picture.provenance, "part": [r0, r1, c0, c1]},
        values=picture.values[rows, columns],
        query=_part_of_axis(picture.query, r0, r1),
        key=_part_of_axis(picture.key, c0, c1),
        hidden=cells(picture.hidden),
        left_out=cells(picture.left_out),
        wrong=tuple(row - r0 for row in picture.wrong if r0 <= row < r1),
        uniform=None if picture.uniform is None else picture.uniform[rows],
    )


def _part_of_axis(axis: Axis, first: int, last: int) -> Axis:
    inside = tuple(at - first for at in axis.breaks if first < at < last)
    groups: tuple[str, ...] = ()
    if axis.groups:
        edges = [0, *axis.breaks, len(axis.names)]
        spans = zip(axis.groups, edges, edges[1:], strict=False)
        groups = tuple(name for name, start, end in spans if start < last and end > first)
    return replace(axis, names=axis.names[first:last], breaks=inside, groups=groups)
