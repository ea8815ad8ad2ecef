"""What position alone contributes: ALiBi's penalties and slices of the continuous bias."""

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import PositionBias


def reach(slopes: np.ndarray) -> np.ndarray:
    """Distance at which ALiBi alone halves a weight, in tokens: ln 2 / slope. 'h'."""
    return np.log(2) / np.asarray(slopes, np.float64)


def offsets(bias: PositionBias) -> tuple[np.ndarray, ...]:
    """Offsets (query − key) along each axis of the surface, in patches or steps."""
    return tuple(np.arange(1 - size, size) for size in bias.dimensions)


def plane(bias: PositionBias, head: int, dt: int = 0) -> np.ndarray:
    """One head's bias over (Δ row, Δ column): '2h-1 2w-1' float32.

    dt: steps between query and key, for a three-dimensional bias. Raises ShapeError outside it.
    """
    surface = bias.surface[head]
    if surface.ndim == 2:
        return surface
    at = dt + bias.dimensions[0] - 1
    if not 0 <= at < surface.shape[0]:
        raise ShapeError(
            f"Δt {dt} is outside this bias: {bias.dimensions[0]} steps reach from "
            f"{1 - bias.dimensions[0]} to {bias.dimensions[0] - 1}"
        )
    return surface[at]
