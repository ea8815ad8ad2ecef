"""Where the ticks are: one answer for browser and print."""

import math

import numpy as np

from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.picture import Axis
from phenaki_viz.figures.words import plain, shortened, spoken

MOST_NAMES = 20
MOST_GROUPS = 12
LONGEST_GROUP = 16


def even_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """At most `most` round values from low to high: in steps of 1, 2, 2.5, 5 × a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    for step in (power * factor for factor in (1, 2, 2.5, 5, 10, 20)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    return [float(f"{at * step:.12g}") for at in range(first, last + 1)]


def decade_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Powers of ten from low to high; with 2 and 5 between them when there are fewer than two."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    powers = list(range(first, last + 1))
    if len(powers) >= 2:
        return [10.0**at for at in powers[:: math.ceil(len(powers) / most)]]
    near = (factor * 10.0**at for at in range(first - 1, last + 1) for factor in (1, 2, 5))
    return [at for at in near if low <= at <= high] or [low, high]


def colour_ticks(scale: ColourScale, most: int = 5) -> tuple[list[float], list[str]]:
    """Ticks of a colour bar: places from 0 to 1, and the raw values there as labels."""
    law = decade_ticks if scale.log else even_ticks
    values = law(float(scale.low), float(scale.high), most)
    places = scale.unit(np.array(values, np.float64))
    return [float(at) for at in places], [f"{spoken(value)}{scale.unit_mark}" for value in values]


def whole_ticks(values: np.ndarray, most: int = 9) -> list[int]:
    """Whole offsets between the first and last value, evenly spaced, zero among them if inside."""
    low, high = math.ceil(float(np.min(values))), math.floor(float(np.max(values)))
    step = max(1, math.ceil((high - low + 1) / most))
    return [at for at in range(low, high + 1) if at % step == 0]


def axis_ticks(axis: Axis, most: int = MOST_NAMES) -> tuple[list[float], list[str]]:
    """Ticks of a named axis, in cells: every name while there are few, else the groups, else some.

    A group's tick is in its middle.
    """
    cells = len(axis.names)
    if cells <= most:
        return list(map(float, range(cells))), list(shortened(axis.names))
    if axis.groups:
        edges = np.array([0, *axis.breaks, cells])
        places, labels = (edges[:-1] + edges[1:] - 1) / 2, axis.groups
    else:
        places, labels = np.arange(cells, dtype=float), axis.names
    every = math.ceil(len(labels) / MOST_GROUPS)
    kept = [plain(label, LONGEST_GROUP) for label in labels[::every]]
    return [float(at) for at in places[::every]], kept
