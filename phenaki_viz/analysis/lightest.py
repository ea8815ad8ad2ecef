"""How many of a row's lightest keys hold so much together: to sort all of a long row is not needed.

To halve what is looked at is faster.
"""

import numpy as np

SORTED = 512  # keys of a row that are sorted
GROUPS = 16  # numbers that are added up in 32 bits


def row_sums(attn: np.ndarray) -> np.ndarray:
    """Sums of rows 'q j', 'q' float64, to some 1e-8; three times as fast as float64."""
    whole = attn.shape[1] // GROUPS * GROUPS
    some = attn[:, :whole].reshape(len(attn), GROUPS, -1).sum(axis=1)
    total: np.ndarray = some.sum(axis=1, dtype=np.float64)
    return total + attn[:, whole:].sum(axis=1, dtype=np.float64)


def lightest(attn: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """How many of the lightest keys of each row hold at most `limit`: 'q' int.

    attn: 'q j', weights of 0 and more; limit: 'q'. Rows that are not finite have no answer.
    """
    spared, held = np.zeros(len(attn), np.int64), np.zeros(len(attn))
    left = attn
    while left.shape[1] > SORTED:
        half = left.shape[1] // 2
        left = np.partition(left, half, axis=1)
        light = held + row_sums(left[:, :half])
        all_of_it = light <= limit
        spared, held = np.where(all_of_it, spared + half, spared), np.where(all_of_it, light, held)
        left = np.where(all_of_it[:, None], left[:, half:], left[:, : left.shape[1] - half])
    sums = held[:, None] + np.cumsum(np.sort(left, axis=1), axis=1, dtype=np.float64)
    return np.asarray(spared + (sums <= limit[:, None]).sum(axis=1))
