"""How sure a mean is."""

import math

import numpy as np

SURE = 0.95  # of every interval


def half_width(values: np.ndarray) -> float:
    """Half of the 95 % interval of the mean of 'n' numbers, by Student's t; NaN of one or none."""
    n = len(values)
    return math.nan if n < 2 else float(_quantile(n) * values.std(ddof=1) / math.sqrt(n))


def half_width_of(count: float, squares: float) -> float:
    """`half_width` of numbers of which only sums are left; NaN of one or none.

    squares: their squared deviations from their mean, summed, as `Tally` keeps them.
    """
    if count < 2:
        return math.nan
    return float(_quantile(count) * math.sqrt(squares / (count - 1) / count))


def _quantile(n: float) -> float:
    from scipy.special import stdtrit  # Student's t; here: it takes a moment to import

    return float(stdtrit(n - 1, (1 + SURE) / 2))
