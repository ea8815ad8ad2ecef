"""Weights in two bytes each: exact to a millionth, and to a thousandth of themselves.

float32 is too much for a map of a few hundred tokens at every click. Codes step by a thousandth of
the weight up to KNEE and by 1.6e-6 above; the few weights of a row beyond the last code are listed
as they are. weight_codes.js reads them back.
"""

import math

import numpy as np

LEAST = 1e-12  # below it is 0
RATIO, STEP = 1e-3, 1.6e-6
LOG_CODES = 21_193
KNEE = LEAST * math.exp(LOG_CODES * RATIO)  # 1.6e-3: both ways of stepping meet here
LISTED, WRONG, MASKED = 65533, 65534, 65535
TOP = KNEE + (LISTED - 1 - LOG_CODES) * STEP


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
    log = np.rint(np.log(np.maximum(plain, LEAST) / LEAST) / RATIO).clip(1, LOG_CODES)
    line = LOG_CODES + np.rint((plain - KNEE) / STEP)
    codes = np.where(plain < KNEE, log, line)
    codes[plain < LEAST] = 0
    large = plain > TOP
    codes[large] = LISTED
    codes[np.isinf(flat)] = WRONG
    codes[np.isnan(flat)] = MASKED
    at = np.flatnonzero(large)
    return {
        "codes": codes.astype(np.uint16),
        "listed": np.stack([at, flat[at]], axis=1).astype(np.float32),
    }
