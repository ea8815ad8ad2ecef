"""What is left out of a map, for the browser: drawn in a colour of its own, said on the picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.browser.weight_codes import coded
from phenaki_viz.figures.colour import LEFT_OUT_COLOUR


@dataclass(frozen=True, kw_only=True, eq=False)
class MapCut:
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


def cut_header(cut: MapCut | None) -> dict[str, Any]:
    """What the browser is told of it in words and numbers."""
    if cut is None:
        return {"cut": None}
    told = {"without": cut.without, "said": cut.said}
    return {"cut": {**told, "colour": LEFT_OUT_COLOUR}}


def cut_parts(cut: MapCut | None, cell: tuple[int, int]) -> dict[str, np.ndarray]:
    """The arrays. Single cells are kept or not: a bit each, and renormalised in the browser."""
    if cut is None:
        return {}
    if cell == (1, 1):
        parts = {"keptBits": np.packbits(cut.kept.ravel() > 0.5)}
        return parts if cut.left is None else {**parts, "left": cut.left.astype(np.float32)}
    parts = {"kept": np.rint(255 * cut.kept).astype(np.uint8)}
    if cut.shown is None:
        return parts
    shown = coded(cut.shown)
    return {**parts, "shownCodes": shown["codes"], "shownListed": shown["listed"]}
