"""Shape checks of the pictures: what was found, what was expected, in one sentence."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.picture import Axis


def expect_shape(what: str, array: Any, sizes: Mapping[str, int | None]) -> None:
    """Check an array against named sizes; None is any size but nothing.

    what: how the message names it ("Heatmap.hidden"). sizes: axis name to size, in order.
    Raises ShapeError with the shape found and the shape expected.
    """
    shape = np.shape(array)
    fits = len(shape) == len(sizes) and all(
        found > 0 if size is None else found == size
        for size, found in zip(sizes.values(), shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(
            name if size is None else f"{name}={size}" for name, size in sizes.items()
        )
        raise ShapeError(f"{what} is ({wanted}), got shape {shape}")


def expect_count(what: str, found: Sequence[Any], expected: int, of: str) -> None:
    """Check that there is one entry for each of something; raises ShapeError with both numbers."""
    if len(found) != expected:
        raise ShapeError(f"{what} names {len(found)}, the array has {expected} {of}")


def expect_axis(what: str, axis: Axis, cells: int) -> None:
    """Check an axis against the cells it names: one name each, boundaries inside, in order.

    Raises ShapeError.
    """
    expect_count(f"{what} axis", axis.names, cells, "cells")
    inside = all(0 < at < cells for at in axis.breaks)
    if not inside or sorted(set(axis.breaks)) != list(axis.breaks):
        raise ShapeError(
            f"{what} breaks rise from 1 to {cells - 1}, before each new group: got {axis.breaks}"
        )


def expect_index(what: str, index: Sequence[int], sizes: Sequence[int]) -> None:
    """Check that an index points inside an array; raises ShapeError with both."""
    inside = len(index) == len(sizes) and all(
        0 <= at < size for at, size in zip(index, sizes, strict=True)
    )
    if not inside:
        raise ShapeError(f"{what} {tuple(index)} is not inside shape {tuple(sizes)}")


def expect_scale(what: str, scale: ColourScale) -> None:
    """Check a scale's ends; raises ConfigError when no colour could be given by them."""
    ends = float(scale.low), float(scale.high)
    if not all(map(math.isfinite, ends)) or ends[0] > ends[1]:
        raise ConfigError(f"{what} goes from low to high, both finite: got {ends[0]} to {ends[1]}")
    if scale.log and ends[0] <= 0:
        raise ConfigError(f"{what} is logarithmic and starts at {ends[0]}: low must be above 0")
