"""Where each word is read: by tokens that have something on them, or by the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.words import separation
from phenaki_viz.recording import AttentionRecord, HeadMap

LEAST_AUC = 0.6  # below it, a head is not said to read a word more in one place than elsewhere


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Of every key, layer and head: arrays 'j l h' float, NaN where no token counts.

    auc: how well the weight on the key tells tokens with something on them from the others, see
    `separation`. there, elsewhere: mean weight of the tokens with something on them, and of the
    others.
    """

    auc: np.ndarray
    there: np.ndarray
    elsewhere: np.ndarray

    def best(self, key: int, layer: int | None = None) -> tuple[int, int] | None:
        """(layer, head) with the highest area, of one layer or of all; None where none has one."""
        found = self.auc[key] if layer is None else self.auc[key, layer : layer + 1]
        if np.isnan(found).all():
            return None
        at, head = np.unravel_index(int(np.nanargmax(found)), found.shape)
        return int(at) + (layer or 0), int(head)


@incremental
def reading(
    records: Sequence[AttentionRecord], items: Sequence[int], held: np.ndarray
) -> Incremental[Reading]:
    """How every key of a cross-attention stack is read.

    records: its layers. items: the batch item of each. held: 't y x' bool, which tokens have
    something on them, see `content_patches`. Tokens that see no key, and rows that are not a
    distribution, do not count. A step is one head.
    """
    _, heads, _, keys = records[0].map.shape
    found = np.full((3, keys, len(records), heads), np.nan)
    inside = held.ravel()
    for at, (layer, head) in enumerate(np.ndindex(len(records), heads)):
        weights = _read(HeadMap(records[layer], items[layer], head))
        for key in range(keys):
            found[:, key, layer, head] = _told_apart(weights[:, key], inside)
        yield (at + 1) / (len(records) * heads)
    return Reading(auc=found[0], there=found[1], elsewhere=found[2])


def reading_of_head(head: HeadMap, held: np.ndarray) -> Reading:
    """How one head reads every key: arrays 'j 1 1'. held: see `reading`."""
    weights = _read(head)
    told = [_told_apart(weights[:, key], held.ravel()) for key in range(weights.shape[1])]
    auc, there, elsewhere = np.array(told).reshape(-1, 3).T[:, :, None, None]
    return Reading(auc=auc, there=there, elsewhere=elsewhere)


def _read(head: HeadMap) -> np.ndarray:
    """Weight of every key in every token: 'i j', NaN in rows that do not count."""
    weights = head.columns(range(head.shape[1])).astype(np.float64)
    weights[head.visible_keys == 0] = np.nan
    weights[head.wrong_rows()] = np.nan
    return weights


def _told_apart(weights: np.ndarray, inside: np.ndarray) -> tuple[float, float, float]:
    counts = np.isfinite(weights)
    means = [
        float(weights[counts & side].mean()) if (counts & side).any() else float("nan")
        for side in (inside, ~inside)
    ]
    return separation(weights, inside), means[0], means[1]
