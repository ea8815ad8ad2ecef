"""What position alone contributes: ALiBi's penalties and slices of the continuous bias."""

import numpy as np

from phenaki_viz.analysis.regions import MOST_QUERIES, Mass, masses_in_regions
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import PositionBias


def reach(slopes: np.ndarray) -> np.ndarray:
    """Tokens of distance at which ALiBi alone halves a weight, ln 2 / slope: 'h', infinite of 0."""
    slopes = np.asarray(slopes, np.float64)
    return np.divide(np.log(2), slopes, out=np.full_like(slopes, np.inf), where=slopes != 0)


def offsets(bias: PositionBias) -> tuple[np.ndarray, ...]:
    """Offsets (query − key) along each axis of the surface, '2n-1' int: in patches or steps.

    Of a row of tokens those of one row, 0, and of its tokens.
    """
    grid = bias.dimensions if len(bias.dimensions) > 1 else (1, *bias.dimensions)
    return tuple(np.arange(1 - size, size) for size in grid)


def plane(bias: PositionBias, head: int, dt: int = 0) -> np.ndarray:
    """One head's bias over (Δ row, Δ column): '2h-1 2w-1' float32; of a row of tokens '1 2n-1'.

    dt: steps between query and key, for a three-dimensional bias. Raises ShapeError outside it.
    """
    surface = bias.surface[head]
    if surface.ndim < 3:
        return np.atleast_2d(surface)
    at = dt + bias.dimensions[0] - 1
    if not 0 <= at < surface.shape[0]:
        raise ShapeError(
            f"Δt {dt} is outside this bias: {bias.dimensions[0]} steps reach from "
            f"{1 - bias.dimensions[0]} to {bias.dimensions[0] - 1}"
        )
    return surface[at]


def masses_alone(bias: PositionBias, head: int) -> dict[str, Mass]:
    """Where one head's weight would lie if position alone decided: softmax of the bias.

    Mean over the queries of the grid that the bias is of, evenly spaced ones of a large one; the
    regions are those of `analysis.regions`. Empty where the bias is not finite.
    Source: the counterfactual "position alone" of the logit's terms; not the head's own map.
    """
    grid = (1, 1, *bias.dimensions)[-3:]
    surface = bias.surface[head].reshape([2 * size - 1 for size in grid]).astype(np.float64)
    places = np.indices(grid).reshape(3, -1)
    count = places.shape[1]
    queries = np.unique(np.linspace(0, count - 1, min(count, MOST_QUERIES)).round().astype(int))
    delta = places[:, queries][:, :, None] - places[:, None, :]  # query - key: '3 q j'
    scores = surface[tuple(delta + np.array(grid)[:, None, None] - 1)]
    if not np.isfinite(scores).all():
        return {}
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    at = np.broadcast_to(places[0][None], weights.shape)
    return masses_in_regions(weights, np.ones(weights.shape, bool), (*-delta, at))
