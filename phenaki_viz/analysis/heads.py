"""One number per head: what its map is like, so that many heads can be compared at a glance.

Every function takes a run of rows of one head's map, 'q j' (null keys first), and returns one
number a query, 'q' float64; the mean over all queries is the head's. `first` is the index of the
run's first query.
"""

import numpy as np

from phenaki_viz.errors import ShapeError

Grid = tuple[int, int, int]


def entropy(attn: np.ndarray) -> np.ndarray:
    """Entropy of each query's attention in bits: 0 is one key, log2(j) is uniform.

    Source: Clark et al. 2019, What Does BERT Look At?, section 3.3.
    """
    tiny = np.finfo(attn.dtype).tiny  # its product with a weight of 0 is 0, as it should be
    return 0.0 - (attn * np.log2(np.maximum(attn, tiny))).sum(axis=1, dtype=np.float64)


def null_mass(attn: np.ndarray, nulls: int) -> np.ndarray:
    """Share of each query's attention on the null keys: 0 to 1."""
    return attn[:, :nulls].sum(axis=1, dtype=np.float64)


def self_mass(attn: np.ndarray, first: int = 0) -> np.ndarray:
    """Weight of each query on its own token: 0 to 1."""
    queries, keys = attn.shape
    if first + queries > keys:
        raise ShapeError(f"self mass needs as many keys as queries, got {attn.shape}")
    return attn[np.arange(queries), first + np.arange(queries)].astype(np.float64)


def distance_in_space(attn: np.ndarray, grid: Grid, first: int = 0) -> np.ndarray:
    """Mean distance from query to key within the frame, in patches, weighted by attention.

    attn: 'q (t h w)'. Source: Dosovitskiy et al. 2021, An Image is Worth 16x16 Words, section 4.5
    (mean attention distance).
    """
    weights = _on_grid(attn, grid).sum(axis=1)
    _, row, column = np.unravel_index(first + np.arange(len(attn)), grid)
    rows, columns = np.mgrid[: grid[1], : grid[2]]
    distance = np.hypot(row[:, None, None] - rows, column[:, None, None] - columns)
    return (weights * distance).sum(axis=(1, 2))


def distance_in_time(attn: np.ndarray, grid: Grid, first: int = 0) -> np.ndarray:
    """Mean distance from query to key in time steps, weighted by attention. attn: 'q (t h w)'."""
    weights = _on_grid(attn, grid).sum(axis=(2, 3))
    step, _, _ = np.unravel_index(first + np.arange(len(attn)), grid)
    return (weights * np.abs(step[:, None] - np.arange(grid[0]))).sum(axis=1)


def top_mass(attn: np.ndarray, mass: float = 0.9) -> np.ndarray:
    """How many keys hold `mass` of each query's attention, counting from the heaviest."""
    if not 0 < mass <= 1:
        raise ShapeError(f"mass is a share above 0 and up to 1, got {mass}")
    light = np.cumsum(np.sort(attn, axis=1), axis=1, dtype=np.float64)
    total = light[:, -1:]
    spared = (light <= (1 - mass) * total + 1e-9).sum(axis=1)  # the lightest, that hold the rest
    keys = np.maximum(attn.shape[1] - spared, 1.0)
    return np.where(np.isfinite(total[:, 0]), keys, np.nan)


def _on_grid(attn: np.ndarray, grid: Grid) -> np.ndarray:
    """'q (t h w)' → 'q t h w'."""
    n = int(np.prod(grid))
    if attn.ndim != 2 or attn.shape[1] != n or attn.shape[0] > n:
        raise ShapeError(f"a map over the grid {grid} is {n} square, got {attn.shape}")
    return attn.reshape(-1, *grid)
