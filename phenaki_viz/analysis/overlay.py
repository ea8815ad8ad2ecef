"""One query's row, or one key's column, laid back over the video it came from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from phenaki_viz.analysis.rows import blanked, wrong_among
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import HeadMap, Place
from phenaki_viz.recording.axes import TokenAxis
from phenaki_viz.recording.segments import Grid, Scattered

Combine = Literal["mean", "sum"]
Direction = Literal["row", "column"]  # where a patch looks, or who looks at it


def on_grid(axis: TokenAxis, weights: np.ndarray) -> np.ndarray:
    """Weights of the tokens along an axis at their places: 't h w' float32, NaN elsewhere.

    weights: 'tokens', all of the axis; those of tokens that are no patch are left out. A spatial
    map fills one step, a temporal one patch; a pooled token fills all the places it stands for.
    Tokens without places lie in a row along the steps. Raises ShapeError when the number of weights
    is not that of the tokens.
    """
    if weights.shape != (len(axis),):
        raise ShapeError(f"{len(axis)} tokens in a batch item, got weights {weights.shape}")
    if axis.whole is None:
        return weights.reshape(-1, 1, 1).astype(np.float32)
    grid = np.full(axis.whole, np.nan, np.float32)
    for first, segment in axis.parts:
        if isinstance(segment, (Grid, Scattered)):
            for further in np.ndindex(*segment.stride):
                places = (segment.places + further) % np.array(axis.whole)
                grid[tuple(places.T)] = weights[first : first + len(segment)]
    return grid


def combined(grids: np.ndarray, how: Combine) -> np.ndarray:
    """Several patches' weights as one: 'p t h w' → 't h w' float32.

    A patch that is hidden from one of them gets nothing from it; NaN where it is hidden from all,
    or no key of any.
    """
    gone = np.isnan(grids)
    total = np.where(gone, 0, grids).sum(axis=0, dtype=np.float64)
    shared = total / len(grids) if how == "mean" else total
    return np.where(gone.all(axis=0), np.nan, shared).astype(np.float32)


def patch_weights(head: HeadMap, places: Sequence[Place], direction: Direction) -> np.ndarray:
    """The row (or column) of every patch at its place in the video: 'p t h w' float32.

    NaN where a patch is no key (no query) of that map, and where the mask hides it. Patches may
    lie in other batch items than the head's own: each is read from its own map.
    """
    record = head.record
    where = located(head, places)
    grids = np.full((len(places), *record.places.grid), np.nan, np.float32)
    for original in dict.fromkeys(original for original, _ in where):
        if original not in record.batch_items:
            continue  # nothing is known of it
        there = replace(head, item=record.item_of(original))
        queries, keys = record.query_axis(there.item), record.key_axis(there.item)
        asked, other = (queries, keys) if direction == "row" else (keys, queries)
        tokens = {
            at: token
            for at, (own, _) in enumerate(where)
            if own == original and (token := asked.index(places[at])) is not None
        }
        found = _lines(there, [*tokens.values()], direction) if tokens else ()
        for at, weights in zip(tokens, found, strict=True):
            grids[at] = on_grid(other, weights)
    return grids


def key_weights(head: HeadMap, key: int) -> np.ndarray:
    """How much every token reads one key (a token, a word or a null key): 't h w' float32.

    NaN where its row is not a distribution, and where the mask hides the key.
    """
    return on_grid(head.record.query_axis(head.item), _lines(head, [key], "column")[0])


def located(head: HeadMap, places: Sequence[Place]) -> list[tuple[int, int]]:
    """(original batch item, token) of each place in the video that the head's item is of."""
    record = head.record
    video = record.batch_items[head.item] // record.places.items_per_video
    return [record.places.locate(place, video) for place in places]


def _lines(head: HeadMap, tokens: Sequence[int], direction: Direction) -> np.ndarray:
    """Rows, or columns, of one batch item: 'p tokens'.

    NaN where hidden, and where the row is not a distribution.
    """
    if direction == "column":
        queries = range(head.shape[0])
        lines = blanked(head.columns(tokens), wrong_among(head), queries).T
        hidden = [head.hidden((0, len(queries)), (key, key + 1))[:, 0] for key in tokens]
        return np.where(hidden, np.nan, lines)
    lines = blanked(head.rows(tokens), wrong_among(head, tokens), tokens)
    return np.where(head.visible(tokens), lines, np.nan)
