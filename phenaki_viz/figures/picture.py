"""What every picture has: a title, notes, named axes, and the record of what made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from phenaki_viz.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a picture: what its cells are, and where they part.

    title: what the axis counts ("query", "key", "Δ column, query − key (patches)").
    breaks: indices of the cells before which a boundary is drawn (a new frame, end of the nulls).
    groups: a short name for each span between breaks ("null", "time 0", …), len(breaks) + 1, or ().
    Raises ShapeError when there are more or fewer.
    """

    title: str
    breaks: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.groups and len(self.groups) != len(self.breaks) + 1:
            raise ShapeError(
                f"{len(self.breaks)} breaks make {len(self.breaks) + 1} groups, "
                f"got {len(self.groups)} group names"
            )


@dataclass(frozen=True, kw_only=True)
class Axis(Side):
    """One side of a picture, a name for every cell.

    names: one per cell, in words ("time 2, row 3, column 5", "null 1", "moving").
    """

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """What a picture shows, before anything draws it; browser, print and numbers all come from it.

    name: the file's stem ("self_L03_H05"). notes: lines printed under the picture (how it was
    reduced, which colour scale, random weights, rows that are wrong). provenance: JSON-able record
    of what made it (config, weights digest, seed, versions), embedded in every exported file.
    """

    name: str
    title: str
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
