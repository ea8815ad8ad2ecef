"""Heads in the order of a metric."""

import numpy as np

from phenaki_viz.errors import ShapeError


def heads_in_order(
    values: np.ndarray, order: str, least: float | None = None, most: float | None = None
) -> list[tuple[int, int]]:
    """(layer, head) of the heads whose metric is between `least` and `most`, sorted by it.

    values: 'l h', a number a head. order: 'layer' leaves them by layer and head, 'high' puts the
    highest first, 'low' the lowest; equal ones stay by layer and head. Heads without a number
    (NaN) come last, and do not pass a limit. Raises ShapeError for another order.
    """
    if order not in ("layer", "high", "low"):
        raise ShapeError(f"order is 'layer', 'high' or 'low', got {order!r}")
    flat = np.asarray(values, np.float64).ravel()
    with np.errstate(invalid="ignore"):
        passes = np.ones(flat.shape, bool)
        if least is not None:
            passes &= flat >= least
        if most is not None:
            passes &= flat <= most
    along = {"layer": np.zeros_like(flat), "high": -flat, "low": flat}[order]
    found = [at for at in np.argsort(along, kind="stable") if passes[at]]
    return [divmod(int(at), values.shape[1]) for at in found]
