"""Who may see whom: each mask by itself, and what they leave together."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.recording import AttentionRecord

VISIBLE, CAUSAL, PADDING, BOTH, NULL, CUT = range(6)  # both is the sum of the two
NAMES = ("visible", "hidden: later in time", "hidden: padding", "hidden: both", "null key", "cut")


@dataclass(frozen=True)
class MaskCodes:
    """codes: 'i j' uint8, one of VISIBLE, CAUSAL, PADDING, BOTH, NULL, CUT (by an intervention).

    visible_keys: 'i' int, null keys included. blind: queries that see no key at all; upstream's
    softmax gives those the same weight on every key, which means nothing.
    """

    codes: np.ndarray
    visible_keys: np.ndarray
    blind: np.ndarray


def hides_some(record: AttentionRecord) -> bool:
    """Whether some query of some batch item may not look at some key."""
    _, _, _, j = record.map.shape
    items = range(len(record.batch_items))
    return record.is_masked and any((record.visible_keys(at) < j).any() for at in items)


def visibility(record: AttentionRecord, item: int = 0) -> MaskCodes:
    """What each query of one batch item may look at, and why not."""
    _, _, i, j = record.map.shape
    later, padding = record.hidden_by(item, (0, i), (0, j))
    codes = CAUSAL * later.astype(np.uint8) + PADDING * padding.astype(np.uint8)
    nulls = codes[:, : record.key_axis(item).nulls]
    nulls[nulls == VISIBLE] = NULL
    if record.cut_edges is not None:
        cut = record.hidden(item, (0, i), (0, j)) & np.isin(codes, (VISIBLE, NULL))
        codes[cut & np.isin(codes, (VISIBLE, NULL))] = CUT
    seen = record.visible_keys(item)
    return MaskCodes(codes=codes, visible_keys=seen, blind=np.flatnonzero(seen == 0))
