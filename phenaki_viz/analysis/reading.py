"""Where each word is read: by tokens that have something on them, or by the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.character import CHOSEN, TIMES
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.words import separation
from phenaki_viz.recording import AttentionRecord, HeadMap

LEAST_AUC = 0.6  # below it, a head is not said to read a word more in one place than elsewhere,
MORE = 1.3  # and neither where it gets less than so many times what it gets elsewhere


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


@dataclass(frozen=True, kw_only=True)
class WordRead:
    """A word that a head reads where there is something, summed over clips: sums of several merge.

    there, elsewhere: share of a token's weight, as of `Reading`. clips: in how many it is the word
    that is read so. routed: in how many of them tokens with something on them chose it, by `CHOSEN`
    and by `TIMES` what the others put there.
    """

    there: float
    elsewhere: float
    clips: int = 1
    routed: int = 0

    def merge(self, other: "WordRead") -> "WordRead":
        """Of the clips of both."""
        return WordRead(
            there=self.there + other.there,
            elsewhere=self.elsewhere + other.elsewhere,
            clips=self.clips + other.clips,
            routed=self.routed + other.routed,
        )


def read_there(found: Reading, nulls: int) -> tuple[int, WordRead] | None:
    """Which key one head reads where there is something, by `LEAST_AUC` and `MORE`, and how much.

    Of several the word that gets most more than elsewhere; None where there is none. found: of the
    head alone, see `reading_of_head`. nulls: how many of the keys are null keys, which stand first.
    """
    auc, there, elsewhere = (one[nulls:, 0, 0] for one in (found.auc, found.there, found.elsewhere))
    is_read = (auc >= LEAST_AUC) & (there >= MORE * elsewhere)
    more = np.where(is_read, there - elsewhere, np.nan)
    if np.isnan(more).all():
        return None
    best = int(np.nanargmax(more))
    most, least = float(there[best]), float(elsewhere[best])
    chosen = most >= CHOSEN and most >= TIMES * least
    return nulls + best, WordRead(there=most, elsewhere=least, routed=int(chosen))


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
            found[:, key, layer, head] = _separated(weights[:, key], inside)
        yield (at + 1) / (len(records) * heads)
    return Reading(auc=found[0], there=found[1], elsewhere=found[2])


def reading_of_head(
    head: HeadMap, held: np.ndarray, keys: Sequence[Sequence[int]] | None = None
) -> Reading:
    """How one head reads every key: arrays 'j 1 1'. held: see `reading`.

    keys: which ones are read as one, by the sum of their weights, as of a word that stands twice;
    None reads every key by itself.
    """
    weights = _read(head)
    alone = [[key] for key in range(weights.shape[1])]
    each = [
        _separated(weights[:, list(those)].sum(axis=1), held.ravel()) for those in keys or alone
    ]
    auc, there, elsewhere = np.array(each).reshape(-1, 3).T[:, :, None, None]
    return Reading(auc=auc, there=there, elsewhere=elsewhere)


def _read(head: HeadMap) -> np.ndarray:
    """Weight of every key in every token: 'i j', NaN in rows that do not count."""
    weights = head.columns(range(head.shape[1])).astype(np.float64)
    weights[head.visible_keys == 0] = np.nan
    weights[head.wrong_rows()] = np.nan
    return weights


def _separated(weights: np.ndarray, inside: np.ndarray) -> tuple[float, float, float]:
    counts = np.isfinite(weights)
    means = [
        float(weights[counts & side].mean()) if (counts & side).any() else float("nan")
        for side in (inside, ~inside)
    ]
    return separation(weights, inside), means[0], means[1]
