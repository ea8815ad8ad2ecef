"""Weights in two bytes each: exact to 1e-6, and every digit that is shown of them is right.

float32 is too much for a map of a few hundred tokens at every click. From 1e-4 on the four digits
that a page shows of a weight come back as they are rounded here, below it the three; the few
weights of a row beyond the last code are listed as they are. `decoded` of numbers/weight_codes.js
reads them back.

A code is a place on one of these ladders, each from where the one before ends:
decades of three digits (SMALL codes each) from LEAST to 1e-4; steps of 1e-7 to 1e-3; steps of 1e-6
to 1e-2; steps of 1e-6 to TOP, read back as their middle, so that the fifth digit is never a tie.
"""

import numpy as np

DECADES, SMALL = 7, 900
LEAST = 1e-11  # below it is 0
FINE, FIRST = 1 + DECADES * SMALL, 1_000  # the code of 1e-4, which is so many steps of 1e-7
MIDDLE = FINE + 10_000 - FIRST  # of 1e-3, which is so many steps of 1e-6
LINE = MIDDLE + 10_000 - FIRST  # of 1e-2
LISTED, WRONG, MASKED = 65533, 65534, 65535
TOP = 0.05


def can_code(values: np.ndarray) -> bool:
    """Whether these are weights, 0 to 1, or flags."""
    drawn = values[np.isfinite(values)]
    return bool(drawn.size == 0 or (drawn.min() >= 0 and drawn.max() <= 1.001))


def coded(values: np.ndarray) -> dict[str, np.ndarray]:
    """codes: uint16, one a value (flat); listed: float32 pairs (index, value) of the large ones.

    NaN is masked, infinite a wrong row. Errors are at most 1e-6.
    """
    flat = np.asarray(values, np.float64).ravel()
    plain = np.where(np.isfinite(flat), flat, 0)
    # One ladder for all, the others for those on them: most weights of a map are on one.
    codes = (MIDDLE - FIRST + np.rint(plain * 1e6)).astype(np.int64)
    for is_on, ladder in (
        (plain < 1e-4, _small),
        ((plain >= 1e-4) & (plain < 1e-3), lambda here: FINE - FIRST + np.rint(here * 1e7)),
        (plain >= 1e-2, lambda here: LINE - 10_000 + np.floor(here * 1e6)),
    ):
        if is_on.any():
            codes[is_on] = ladder(plain[is_on])
    large = plain >= TOP
    codes[large] = LISTED
    codes[np.isinf(flat)] = WRONG
    codes[np.isnan(flat)] = MASKED
    at = np.flatnonzero(large)
    return {
        "codes": codes.astype(np.uint16),
        "listed": np.stack([at, flat[at]], axis=1).astype(np.float32),
    }


def _small(plain: np.ndarray) -> np.ndarray:
    """Codes of weights below 1e-4: a decade, and three digits of it; 0 below LEAST."""
    kept = np.clip(plain, LEAST, 1e-4)
    decade = np.clip(np.floor(np.log10(kept / LEAST) + 1e-12), 0, DECADES - 1)
    digits = np.rint(kept / LEAST * 100 / 10**decade)
    return np.where(plain < LEAST, 0, 1 + decade * SMALL + digits - 100)
