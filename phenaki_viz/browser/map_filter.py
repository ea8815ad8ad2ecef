"""What is left out of a map, for the browser: drawn in a colour of its own, said on the picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.browser.weight_codes import coded
from phenaki_viz.figures.colour import LEFT_OUT_COLOUR


@dataclass(frozen=True, kw_only=True, eq=False)
class MapFilter:
    """kept: 'r c' share of each value that is kept, 0 to 1; the rest is painted over.

    shown: 'r c' renormalised weights, which then make the colour; None when they are the raw ones.
    left: 'r', what the keys that stay hold of each row, when values are single cells. without:
    columns of the whole map that were taken away. said: lines for the picture.
    """

    kept: np.ndarray
    shown: np.ndarray | None
    left: np.ndarray | None
    without: tuple[int, ...]
    said: tuple[str, ...]


def filter_header(row_filter: MapFilter | None) -> dict[str, Any]:
    """What the browser is told of it in words and numbers."""
    if row_filter is None:
        return {"rowFilter": None}
    words = {"without": row_filter.without, "said": row_filter.said}
    return {"rowFilter": {**words, "colour": LEFT_OUT_COLOUR}}


def filter_parts(row_filter: MapFilter | None, cell: tuple[int, int]) -> dict[str, np.ndarray]:
    """The arrays. Single cells are kept or not: a bit each, and renormalised in the browser."""
    if row_filter is None:
        return {}
    if cell == (1, 1):
        parts = {"keptBits": np.packbits(row_filter.kept.ravel() > 0.5)}
        return (
            parts
            if row_filter.left is None
            else {**parts, "left": row_filter.left.astype(np.float32)}
        )
    parts = {"kept": np.rint(255 * row_filter.kept).astype(np.uint8)}
    if row_filter.shown is None:
        return parts
    shown = coded(row_filter.shown)
    return {**parts, "shownCodes": shown["codes"], "shownListed": shown["listed"]}
