"""Is each row of a map a distribution? Rows that are not are named, never drawn quietly."""

import numpy as np

from phenaki_viz.errors import ShapeError

TOLERANCE = 1e-3


def wrong_rows(attn: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """Queries whose weights are not a distribution: indices, int.

    attn: 'i j'. Wrong is NaN, infinite, negative, or a sum off 1 by more than `tolerance`.
    """
    if attn.ndim != 2:
        raise ShapeError(f"a map is 'i j', got shape {attn.shape}")
    sums = attn.sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        good = np.isfinite(sums) & (np.abs(sums - 1) <= tolerance) & (attn.min(axis=1) >= 0)
    return np.flatnonzero(~good)


def uniform_weight(visible_keys: np.ndarray) -> np.ndarray:
    """The weight of a query that does not choose: 1 / visible keys, 'i' float32; NaN for none."""
    keys = np.asarray(visible_keys, np.float32)
    return np.divide(1, keys, out=np.full_like(keys, np.nan), where=keys > 0)
