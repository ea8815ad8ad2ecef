"""Cross-attention by word: which tokens read it, how much each word is read."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from einops import rearrange, repeat

from phenaki_viz.analysis.overlay import on_grid, over_video
from phenaki_viz.analysis.rows import row_runs, wrong_among
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.recording import AttentionRecord, HeadMap

CONTENT = 0.1  # share of the clip's own variance that a patch must have


def first_word(record: AttentionRecord) -> int:
    """The first key that is a word, counted as in the map; the last null key where there is none.

    An empty text may still be a key, of padding: it is hidden from every query, and no word.
    """
    nulls, keys = record.num_null_kv, record.map.shape[3]
    empty = record.key_mask is not None and not record.key_mask.any()
    return max(0, nulls - 1) if empty else min(nulls, keys - 1)


def word_maps(records: Sequence[AttentionRecord], item: int, key: int) -> np.ndarray:
    """Weight of one key in every token, by layer and head: 'l h t y x' float32, see `readers`."""
    return over_video(records, [item] * len(records), partial(readers, key=key))


def readers(head: HeadMap, key: int, *, of_uniform: bool = False) -> np.ndarray:
    """Who reads one key: 't y x' float32.

    key: a null key or a word, counted as in the map, nulls first. of_uniform: in multiples of
    uniform. NaN where the token sees no key, infinite where its row is not a distribution.
    """
    weights = np.where(head.visible_keys > 0, head.columns([key])[:, 0], np.nan)
    weights[list(wrong_among(head))] = np.inf
    if of_uniform:
        weights = weights / head.uniform
    return on_grid(head.record.query_axis(head.item), weights)


def side_by_side(maps: np.ndarray, across: int = 3, enlarged: int = 1) -> np.ndarray:
    """Time steps laid out as one picture a head, 'l h t y x' → 'l h Y X'.

    From left to right, then down; NaN on the line between them and where there is no further step.
    enlarged: dots a side of each weight; the lines are one dot wide.
    """
    steps = maps.shape[2]
    maps = repeat(maps, "l h t y x -> l h t (y b) (x c)", b=enlarged, c=enlarged)
    rows = -(-steps // across)
    missing = rows * across - steps
    padded = np.pad(maps, ((0, 0), (0, 0), (0, missing), (0, 1), (0, 1)), constant_values=np.nan)
    laid = rearrange(padded, "l h (r a) y x -> l h (r y) (a x)", r=rows, a=across)
    return laid[:, :, :-1, :-1]


def words_share(head: HeadMap) -> Tally:
    """Weight of every key over the tokens that see one, 'j': nulls, then words.

    Its mean is NaN when no token sees a key, or when a row is not a distribution.
    """
    sees, share = head.visible_keys > 0, Tally.empty(head.shape[1])
    for run in row_runs(head):
        share = share.merge(Tally.of(run.attn, sees[run.first : run.end]))
    if wrong_among(head):
        return Tally(share.count, np.full_like(share.total, np.nan), share.squares)
    return share


def keys_seen(head: HeadMap) -> float:
    """How many keys a token sees, the mean over all tokens: uniform attention is 1 of so many."""
    return float(head.visible_keys.mean())


def separation(values: np.ndarray, inside: np.ndarray) -> float:
    """Area under the ROC curve: how well values tell inside from outside, 0.5 is not at all.

    values, inside: of one shape, float and bool. Values that are not finite do not count. NaN when
    one side is empty.
    """
    counts = np.isfinite(values)
    values, inside = values[counts], inside[counts]
    many, few = int(inside.sum()), int((~inside).sum())
    if not many or not few:
        return float("nan")
    order = np.argsort(values, kind="stable")
    _, first, counts = np.unique(values[order], return_index=True, return_counts=True)
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)  # ties share their mean rank
    return float((ranks[inside].sum() - many * (many + 1) / 2) / (many * few))


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's r of two arrays of one shape, −1 to 1; NaN when one of them is constant.

    Where one of the two is not finite, neither counts.
    """
    counts = np.isfinite(first) & np.isfinite(second)
    if not counts.any():
        return float("nan")
    first, second = first[counts], second[counts]
    one, other = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / scale if scale else float("nan")


def content_patches(
    frames: np.ndarray, grid: tuple[int, int, int], steps: Sequence[Sequence[int]]
) -> np.ndarray:
    """Patches that hold something rather than background, 't h w' bool.

    frames: 'f H W c' uint8. steps: the frames of each time step. A patch counts when its pixels
    vary by more than a tenth of the clip's variance.
    """
    grey = frames.astype(np.float32).mean(axis=-1)
    t, h, w = grid
    patches = rearrange(grey, "f (h y) (w x) -> f h w (y x)", h=h, w=w)
    held = np.zeros((t, h, w), bool)
    least = CONTENT * float(grey.var())
    for step, members in enumerate(steps):
        held[step] = (patches[list(members)].var(axis=-1) > least).any(axis=0)
    return held
