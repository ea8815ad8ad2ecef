"""How far two rows of weights are apart: the Jensen–Shannon distance, 0 to 1."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import HeadMap

OFF = 0.01  # by which a sum of weights may miss 1, as those of half precision do
DISTANCE = (
    "Jensen–Shannon distance: the square root of the divergence in bits, 0 where two rows are "
    "alike, 1 where they share no key"
)


def is_distribution(attn: np.ndarray) -> np.ndarray:
    """Which rows of '… j' are finite, not negative and sum to 1: '…' bool."""
    with np.errstate(invalid="ignore"):
        sums = attn.sum(axis=-1, dtype=np.float64)
        sound: np.ndarray = (attn >= 0).all(axis=-1) & (np.abs(sums - 1) < OFF)
    return sound


def js_distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Jensen–Shannon distance of two stacks of rows '… j', row by row: '…' float64.

    0 is alike, 1 shares no key, symmetric; NaN where either row is no distribution. Raises
    ShapeError for stacks of different shapes.
    Source: Lin 1991, Divergence Measures Based on the Shannon Entropy; its square root is a metric
    (Endres & Schindelin 2003). Between attention rows: Clark et al. 2019, section 6.
    """
    if one.shape != other.shape:
        raise ShapeError(f"rows of one shape have a distance, got {one.shape} and {other.shape}")
    known = is_distribution(one) & is_distribution(other)
    a, b = (np.where(known[..., None], rows, 0).astype(np.float64) for rows in (one, other))
    halfway = (a + b) / 2
    bits = (_relative(a, halfway) + _relative(b, halfway)) / 2
    return np.where(known, np.sqrt(np.clip(bits, 0, 1)), np.nan)


def row_distances(one: HeadMap, other: HeadMap, queries: Sequence[int]) -> np.ndarray:
    """Jensen–Shannon distance of rows of two maps: 'q' float64, see `js_distance`.

    NaN as well of a query that sees no key in either: its weights are alike and mean nothing.
    """
    found = js_distance(one.rows(queries), other.rows(queries))
    for head in (one, other):
        if head.record.is_masked:
            found = np.where(head.visible_keys[list(queries)] > 0, found, np.nan)
    return found


def _relative(attn: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Kullback–Leibler divergence of rows '… j' from others that are 0 only where they are."""
    ratio = np.divide(attn, to, out=np.ones_like(attn), where=attn > 0)
    bits: np.ndarray = (attn * np.log2(ratio)).sum(axis=-1)
    return bits
