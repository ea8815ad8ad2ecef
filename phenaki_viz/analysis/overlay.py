"""One query's row, or one key's column, laid back over the video it came from."""

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import Places


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
