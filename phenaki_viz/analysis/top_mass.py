"""The few keys of each query that matter: the smallest set that holds most of its attention."""

import numpy as np

from phenaki_viz.errors import ShapeError

ROUNDING = 1e-7  # of a row's sum, in float64 over float32 weights


def top_keys(attn: np.ndarray, mass: float) -> np.ndarray:
    """Whether a key belongs to the smallest set that holds `mass` of its row: 'q j' bool.

    attn: 'q j', weights of whole rows; a row need not sum to 1, `mass` is a share of its sum. Equal
    weights are taken in the order of the keys. Nothing of a row without weight, all of a row that
    is not finite. Raises ShapeError for a share that is not above 0 and up to 1.
    """
    if not 0 < mass <= 1:
        raise ShapeError(f"mass is a share above 0 and up to 1, got {mass}")
    order = heaviest_first(attn)
    held = np.cumsum(np.take_along_axis(attn, order, axis=1), axis=1, dtype=np.float64)
    total = held[:, -1:]
    with np.errstate(invalid="ignore"):
        before = np.concatenate([np.zeros_like(total), held[:, :-1]], axis=1)
        needed = (before < (mass - ROUNDING) * total) | ~np.isfinite(total)
    kept = np.empty(attn.shape, bool)
    np.put_along_axis(kept, order, needed, axis=1)
    return kept


def row_ranks(attn: np.ndarray) -> np.ndarray:
    """Rank of every key within its row, 1 is the heaviest: 'q j' int64. Ties in order of keys."""
    ranks = np.empty(attn.shape, np.int64)
    places = np.broadcast_to(np.arange(1, attn.shape[1] + 1), attn.shape)
    np.put_along_axis(ranks, heaviest_first(attn), places, axis=1)
    return ranks


def heaviest_first(attn: np.ndarray) -> np.ndarray:
    """Keys of every row from the heaviest to the lightest: 'q j' int64. Ties in order of keys.

    Raises ShapeError when attn is not 'q j'.
    """
    if attn.ndim != 2:
        raise ShapeError(f"rows of a map are 'q j', got shape {attn.shape}")
    return np.argsort(-np.asarray(attn, np.float32), axis=1, kind="stable")
