"""One number per head: what its map is like, so that many heads can be compared at a glance.

Every function takes a run of rows of one head's map, 'q j' (null keys first), and returns one
number a query, 'q' float64; the mean over all queries is the head's. `at` says which queries these
are: the index of the run's first one, or the index of each.
"""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from phenaki_viz.analysis.lightest import lightest
from phenaki_viz.errors import ShapeError

Grid = tuple[int, int, int]
At = int | np.ndarray


def entropy(attn: np.ndarray) -> np.ndarray:
    """Entropy of each query's attention in bits: 0 is one key, log2(j) is uniform.

    Source: Clark et al. 2019, What Does BERT Look At?, section 3.3.
    """
    tiny = np.finfo(attn.dtype).tiny  # its product with a weight of 0 is 0, as it should be
    return 0.0 - (attn * np.log2(np.maximum(attn, tiny))).sum(axis=1, dtype=np.float64)


def most_entropy(keys: np.ndarray) -> np.ndarray:
    """The entropy of a query that spreads evenly over its visible keys: 'q' bits; 0 of no key.

    keys: 'q', how many each query sees.
    """
    most: np.ndarray = np.log2(np.maximum(keys, 1))
    return most


def entropy_share(bits: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Entropy as a share of the most that so many visible keys allow, 0 to 1; 1 of a single key.

    bits: 'q' float64, see `entropy`. keys: 'q'.
    """
    most = most_entropy(keys)
    return np.divide(bits, most, out=np.ones_like(bits), where=most > 0)


def null_mass(attn: np.ndarray, nulls: int) -> np.ndarray:
    """Share of each query's attention on the null keys: 0 to 1."""
    return attn[:, :nulls].sum(axis=1, dtype=np.float64)


def self_mass(attn: np.ndarray, at: At = 0) -> np.ndarray:
    """Weight of each query on its own token: 'q', 0 to 1.

    attn: 'q j'. Raises ShapeError when there is no key for a query.
    """
    count, keys = attn.shape
    queries = _queries(at, count)
    if count and queries.max() >= keys:
        raise ShapeError(f"self mass needs as many keys as queries, got {attn.shape}")
    return attn[np.arange(count), queries].astype(np.float64)


def distance_in_space(attn: np.ndarray, grid: Grid, at: At = 0) -> np.ndarray:
    """Mean distance from query to key within the frame, in patches, weighted by attention.

    attn: 'q (t h w)'. Source: Dosovitskiy et al. 2021, An Image is Worth 16x16 Words, section 4.5
    (mean attention distance).
    """
    weights = _on_planes(attn, grid).sum(axis=1)
    _, row, column = np.unravel_index(_queries(at, len(attn)), grid)
    _, high, wide = grid
    distance = _distances(high, wide)[high - 1 - row, wide - 1 - column]
    return np.einsum("qp,qp->q", weights, distance.reshape(len(attn), -1), dtype=np.float64)


def distance_in_time(attn: np.ndarray, grid: Grid, at: At = 0) -> np.ndarray:
    """Mean distance from query to key in time steps, weighted by attention. attn: 'q (t h w)'."""
    weights = _on_planes(attn, grid).sum(axis=2)
    step, _, _ = np.unravel_index(_queries(at, len(attn)), grid)
    return (weights * np.abs(step[:, None] - np.arange(grid[0]))).sum(axis=1)


def top_mass(attn: np.ndarray, mass: float = 0.9) -> np.ndarray:
    """How many keys hold `mass` of each query's attention, counting from the heaviest: 'q'.

    attn: 'q j'; NaN of a row that is not finite. Raises ShapeError when mass is no share above 0.
    """
    if not 0 < mass <= 1:
        raise ShapeError(f"mass is a share above 0 and up to 1, got {mass}")
    spared = lightest(attn, 1 - mass)  # keys that hold the rest
    return np.where(spared < 0, np.nan, np.maximum(attn.shape[1] - spared, 1.0))


def _queries(at: At, count: int) -> np.ndarray:
    """The index of each query, 'q' int."""
    return at if isinstance(at, np.ndarray) else at + np.arange(count)


def _on_planes(attn: np.ndarray, grid: Grid) -> np.ndarray:
    """'q (t h w)' → 'q t (h w)'."""
    n = int(np.prod(grid))
    if attn.ndim != 2 or attn.shape[1] != n or attn.shape[0] > n:
        raise ShapeError(f"a map over the grid {grid} is {n} square, got {attn.shape}")
    return attn.reshape(-1, grid[0], grid[1] * grid[2])


@lru_cache(maxsize=8)
def _distances(high: int, wide: int) -> np.ndarray:
    """Distances from a place to all others: a view, 'y x h w' of place (h-1-y, w-1-x)."""
    rows, columns = np.mgrid[1 - high : high, 1 - wide : wide]
    return sliding_window_view(np.hypot(rows, columns), (high, wide))
