"""One query's row, or one key's column, laid back over the video it came from."""

from typing import Literal

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.recording.axes import TokenAxis
from phenaki_viz.recording.segments import Grid, Scattered

Combine = Literal["mean", "sum"]


def on_grid(axis: TokenAxis, weights: np.ndarray) -> np.ndarray:
    """Weights of the tokens along an axis at their places: 't h w' float32, NaN elsewhere.

    weights: 'tokens', all of the axis; those of tokens that are no patch are left out. A spatial
    map fills one step, a temporal one patch; a pooled token fills all the places it stands for.
    Tokens without places lie in a row along the steps. Raises ShapeError when the number of weights
    is not that of the tokens.
    """
    if weights.shape != (len(axis),):
        raise ShapeError(f"{len(axis)} tokens in a batch item, got weights {weights.shape}")
    if axis.whole is None:
        return weights.reshape(-1, 1, 1).astype(np.float32)
    grid = np.full(axis.whole, np.nan, np.float32)
    for first, segment in axis.parts:
        if isinstance(segment, (Grid, Scattered)):
            for further in np.ndindex(*segment.stride):
                places = (segment.places + further) % np.array(axis.whole)
                grid[tuple(places.T)] = weights[first : first + len(segment)]
    return grid


def combined(grids: np.ndarray, how: Combine) -> np.ndarray:
    """Several patches' weights as one: 'p t h w' → 't h w' float32.

    A patch that is hidden from one of them gets nothing from it; NaN where it is hidden from all,
    or no key of any.
    """
    gone = np.isnan(grids)
    total = np.where(gone, 0, grids).sum(axis=0, dtype=np.float64)
    shared = total / len(grids) if how == "mean" else total
    return np.where(gone.all(axis=0), np.nan, shared).astype(np.float32)
