"""One query's row, or one key's column, laid back over the video it came from."""

from typing import Literal

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import Places

Combine = Literal["mean", "sum"]


def on_grid(places: Places, item: int, weights: np.ndarray) -> np.ndarray:
    """Weights of one batch item's tokens at their places: 't h w' float32, NaN elsewhere.

    weights: 'tokens', without null keys. A spatial map fills one step, a temporal one patch.
    Raises ShapeError when the number of weights is not the item's tokens.
    """
    if weights.shape != (places.tokens,):
        raise ShapeError(f"{places.tokens} tokens in a batch item, got weights {weights.shape}")
    grid = np.full(places.grid, np.nan, np.float32)
    if places.batch_counts == "sequence":
        return weights.reshape(places.grid).astype(np.float32)
    grid[places.coordinates(item)] = weights
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
