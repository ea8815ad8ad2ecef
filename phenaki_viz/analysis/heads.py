"""One number per head: what its map is like, so that many heads can be compared at a glance.

Every function takes one head's map 'i j' (null keys first) and returns one number a query, 'i'
float64; the mean over queries is the head's.
"""

import numpy as np

from phenaki_viz.errors import ShapeError


def entropy(attn: np.ndarray) -> np.ndarray:
    """Entropy of each query's attention in bits: 0 is one key, log2(j) is uniform.

    Source: Clark et al. 2019, What Does BERT Look At?, section 3.3.
    """
    weights = attn.astype(np.float64)
    logs = np.log2(weights, out=np.zeros_like(weights), where=weights > 0)
    return -(weights * logs).sum(axis=1)


def null_mass(attn: np.ndarray, nulls: int) -> np.ndarray:
    """Share of each query's attention on the null keys: 0 to 1."""
    return attn[:, :nulls].sum(axis=1, dtype=np.float64)


def self_mass(attn: np.ndarray) -> np.ndarray:
    """Weight of each query on its own token: 0 to 1. attn is square ('i i')."""
    if attn.shape[0] != attn.shape[1]:
        raise ShapeError(f"self mass needs as many keys as queries, got {attn.shape}")
    return np.diagonal(attn).astype(np.float64)


def distance_in_space(attn: np.ndarray, grid: tuple[int, int, int]) -> np.ndarray:
    """Mean distance from query to key within the frame, in patches, weighted by attention.

    attn: 'i i' over the grid 't h w'. Source: Dosovitskiy et al. 2021, An Image is Worth 16x16
    Words, section 4.5 (mean attention distance).
    """
    _, row, column = _places(attn, grid)
    distance = np.hypot(row[:, None] - row[None], column[:, None] - column[None])
    return (attn * distance).sum(axis=1)


def distance_in_time(attn: np.ndarray, grid: tuple[int, int, int]) -> np.ndarray:
    """Mean distance from query to key in time steps, weighted by attention. attn: 'i i'."""
    step, _, _ = _places(attn, grid)
    return (attn * np.abs(step[:, None] - step[None])).sum(axis=1)


def top_mass(attn: np.ndarray, mass: float = 0.9) -> np.ndarray:
    """How many keys hold `mass` of each query's attention, counting from the heaviest."""
    if not 0 < mass <= 1:
        raise ShapeError(f"mass is a share above 0 and up to 1, got {mass}")
    heaviest = -np.sort(-attn.astype(np.float64), axis=1)
    held = np.cumsum(heaviest, axis=1)
    total = held[:, -1:]
    return (held < mass * total - 1e-9).sum(axis=1) + 1.0


def _places(attn: np.ndarray, grid: tuple[int, int, int]) -> tuple[np.ndarray, ...]:
    t, h, w = grid
    if attn.shape != (t * h * w, t * h * w):
        raise ShapeError(f"a map over the grid {grid} is {t * h * w} square, got {attn.shape}")
    steps, rows, columns = np.mgrid[:t, :h, :w]
    return steps.ravel().astype(float), rows.ravel().astype(float), columns.ravel().astype(float)
