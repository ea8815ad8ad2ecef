"""Rows of some queries, or columns of some keys, laid back over the video they came from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from einops import rearrange

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import blanked, wrong_among
from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import AttentionRecord, HeadMap, Place
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


@dataclass(frozen=True, eq=False)
class Overlay:
    """Where some patches look in one head, or who looks at them, each at its place in the video.

    places: of the patches, which are located once for all of their overlays. They may lie in
    other batch items than the head's own: each is read from its own map. direction: whether they
    are rows of the maps or columns. wrong_as: what stands for weights of a row that is not a
    distribution.
    """

    head: HeadMap
    places: Sequence[Place]
    direction: Direction = "row"
    wrong_as: float = np.nan

    @cached_property
    def _tokens(self) -> dict[int, dict[int, int]]:
        """By the recorded batch item that holds it: which of the places, and its token there."""
        record, found = self.head.record, dict[int, dict[int, int]]()
        video = record.batch_items[self.head.item] // record.places.items_per_video
        axis_of = record.query_axis if self.direction == "row" else record.key_axis
        for at, place in enumerate(self.places):
            original, _ = record.places.locate(place, video)
            if original not in record.batch_items:
                continue  # nothing is known of it
            item = record.item_of(original)
            token = axis_of(item).index(place)
            if token is not None:
                found.setdefault(item, {})[at] = token
        return found

    @cached_property
    def _lines(self) -> tuple["_Lines", ...]:
        """Of each map that holds some of the places."""
        return tuple(
            _Lines(
                replace(self.head, item=item), tuple(tokens.values()), self.direction, self.wrong_as
            )
            for item, tokens in self._tokens.items()
        )

    @property
    def weights(self) -> np.ndarray:
        """The row (or column) of every patch: 'p t h w' float32.

        NaN where a patch is no key (no query) of that map and where the mask hides it; `wrong_as`
        where the row is not a distribution.
        """
        return self._each(lambda lines: lines.weights)

    @property
    def uniforms(self) -> np.ndarray:
        """What each weight is a multiple of: 'p t h w' float32.

        That is 1 / visible keys of the patch itself, or of each query that looks at it.
        """
        return self._each(lambda lines: lines.uniforms)

    @property
    def uniform(self) -> float | None:
        """The one number that every weight is a multiple of; None where they differ in it."""
        every = np.concatenate([np.zeros(0), *(lines.uniform for lines in self._lines)])
        return float(every[0]) if len(every) and np.ptp(every) == 0 else None

    @property
    def wrong(self) -> tuple[int, ...]:
        """Queries shown of the first place's map whose rows are no distribution."""
        return self._lines[0].wrong if self._lines else ()

    def _each(self, numbers: Callable[["_Lines"], np.ndarray]) -> np.ndarray:
        grids = np.full((len(self.places), *self.head.record.places.grid), np.nan, np.float32)
        for lines, tokens in zip(self._lines, self._tokens.values(), strict=True):
            grids[list(tokens)] = numbers(lines)
        return grids


@dataclass(frozen=True, eq=False)
class _Lines:
    """Rows, or columns, of one batch item's map."""

    head: HeadMap
    tokens: Sequence[int]
    direction: Direction
    wrong_as: float = np.nan

    @cached_property
    def wrong(self) -> tuple[int, ...]:
        """Queries that the lines are of, or go through, whose rows are no distribution."""
        return wrong_among(self.head, self.tokens if self.direction == "row" else None)

    @property
    def weights(self) -> np.ndarray:
        """At their places: 'p t h w'."""
        record, item = self.head.record, self.head.item
        row = self.direction == "row"
        across = record.key_axis(item) if row else record.query_axis(item)
        return np.stack([on_grid(across, line) for line in (self._rows if row else self._columns)])

    @property
    def _rows(self) -> np.ndarray:
        """'p keys', NaN where hidden."""
        lines = blanked(self.head.rows(self.tokens), self.wrong, self.tokens, self.wrong_as)
        return np.where(self.head.visible(self.tokens), lines, np.nan)

    @property
    def _columns(self) -> np.ndarray:
        """'p queries', NaN as in rows."""
        head, queries = self.head, range(self.head.shape[0])
        lines = blanked(head.columns(self.tokens), self.wrong, queries, self.wrong_as).T
        hidden = [head.hidden((0, len(queries)), (key, key + 1))[:, 0] for key in self.tokens]
        return np.where(hidden, np.nan, lines)

    @property
    def uniform(self) -> np.ndarray:
        """1 / visible keys of the queries that are shown."""
        each = self.head.uniform
        return each[list(self.tokens)] if self.direction == "row" else each

    @property
    def uniforms(self) -> np.ndarray:
        """What each of the weights is a multiple of: 't h w', or 'p 1 1 1' of rows."""
        if self.direction == "row":
            return rearrange(self.uniform, "p -> p 1 1 1")
        return on_grid(self.head.record.query_axis(self.head.item), self.uniform)


def key_weights(head: HeadMap, key: int) -> np.ndarray:
    """How much every token reads one key (a token, a word or a null key): 't h w' float32.

    NaN where its row is not a distribution, and where the mask hides the key.
    """
    return _Lines(head, [key], "column").weights[0]


def fills_frames(record: AttentionRecord) -> bool:
    """Whether a time step of the video is more than one token of these maps."""
    _, height, width = record.places.token_grid
    return height * width > 1


def looks(
    head: HeadMap,
    places: Sequence[Place],
    direction: Direction = "row",
    combine: Combine = "mean",
    *,
    of_uniform: bool = False,
) -> np.ndarray:
    """Where some patches look together, or who looks at them: 't h w' float32, see `Overlay`.

    of_uniform: in multiples of uniform. Infinite where a row is not a distribution.
    """
    laid = Overlay(head, places, direction, np.inf)
    weights = combined(laid.weights, combine)
    return weights / combined(laid.uniforms, combine) if of_uniform else weights


@incremental
def over_video(
    records: Sequence[AttentionRecord],
    items: Sequence[int],
    weights: Callable[[HeadMap], np.ndarray],
) -> Incremental[np.ndarray]:
    """Every head of a stack over the video: 'l h t y x' float32; a step of the work is a head.

    items: the batch item of each layer. weights: of a head at their places, 't h w', as `looks`.
    """
    heads = [
        HeadMap(record, item, head)
        for record, item in zip(records, items, strict=True)
        for head in range(len(record.heads))
    ]
    found: list[np.ndarray] = []
    for head in heads:
        found.append(weights(head))
        yield len(found) / len(heads)
    return rearrange(np.stack(found), "(l h) t y x -> l h t y x", l=len(records))


def step_tiles(over: np.ndarray, step: int) -> Thumbnails:
    """One time step of `over_video`, as tiles of a grid: a patch a cell."""
    return Thumbnails(over[:, :, step], (1, 1))
