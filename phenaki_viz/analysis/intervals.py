"""How sure a mean is."""

import math

import numpy as np

SURE = 0.95  # of every interval


def half_width(values: np.ndarray) -> float:
    """Half of the 95 % interval of the mean of 'n' numbers, by Student's t; NaN of one or none."""
    from scipy.special import stdtrit  # Student's t; here: it takes a moment to import

    n = len(values)
    if n < 2:
        return math.nan
    return float(stdtrit(n - 1, (1 + SURE) / 2) * values.std(ddof=1) / math.sqrt(n))
