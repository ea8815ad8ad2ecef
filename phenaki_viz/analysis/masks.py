"""Who may see whom: each mask by itself, and what they leave together."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.recording import AttentionRecord

VISIBLE, CAUSAL, PADDING, BOTH, NULL = range(5)
NAMES = ("visible", "hidden: later in time", "hidden: padding", "hidden: both", "null key")


@dataclass(frozen=True)
class Visibility:
    """codes: 'i j' uint8, one of VISIBLE, CAUSAL, PADDING, BOTH, NULL.

    visible_keys: 'i' int, null keys included. blind: queries that see no key at all; upstream's
    softmax gives those the same weight on every key, which means nothing.
    """

    codes: np.ndarray
    visible_keys: np.ndarray
    blind: np.ndarray


def visibility(record: AttentionRecord, item: int = 0) -> Visibility:
    """What each query of one batch item may look at, and why not."""
    _, _, i, j = record.map.shape
    codes = np.zeros((i, j), np.uint8)
    if record.causal:
        codes[np.arange(j)[None] > np.arange(i)[:, None] + (j - i)] = CAUSAL
    if record.key_mask is not None:
        padding = np.flatnonzero(~record.key_mask[item]) + record.num_null_kv
        codes[:, padding] = np.where(codes[:, padding] == CAUSAL, BOTH, PADDING)
    nulls = codes[:, : record.num_null_kv]
    nulls[nulls == VISIBLE] = NULL
    seen = record.visible_keys(item)
    return Visibility(codes=codes, visible_keys=seen, blind=np.flatnonzero(seen == 0))
