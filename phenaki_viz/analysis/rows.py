"""What a row of a map is measured against."""

import numpy as np


def uniform_weight(visible_keys: np.ndarray) -> np.ndarray:
    """The weight of a query that does not choose: 1 / visible keys, 'i' float32; NaN for none."""
    keys = np.asarray(visible_keys, np.float32)
    return np.divide(1, keys, out=np.full_like(keys, np.nan), where=keys > 0)
