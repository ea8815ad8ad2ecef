"""What a call adds to the products of its queries and keys before softmax, and what it hides."""

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import torch

from phenaki_viz import alignment
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import Precision, rounded
from phenaki_viz.recording.visibility import Some, Visibility

WIDE = 2048  # keys from which whole rows of a bias are read faster than single pairs


@dataclass(frozen=True, kw_only=True)
class Alibi:
    """ALiBi of one causal module: bias = −slope · |query − key|.

    slopes: 'h', of the recorded heads. max_abs_error: how far what the module added is from
    that formula, on the rows that were checked.
    """

    slopes: np.ndarray
    max_abs_error: float

    def bias(self, distance: np.ndarray) -> np.ndarray:
        """Penalty at each distance, 'h …' float32, same units as the scores before softmax."""
        return alignment.alibi(self.slopes, np.abs(distance).astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class PositionBias:
    """A continuous position bias, once for every distinct offset.

    module: its name; one module serves every layer that got its output. dimensions: the grid it
    was asked for. surface: 'h (2d-1)…' float32; the value for an offset (query − key) of o along
    an axis of length d stands at index o + d − 1.
    """

    module: str
    dimensions: tuple[int, ...]
    surface: np.ndarray

    @cached_property
    def table(self) -> OffsetBias:
        """Read for any queries and keys; one table for all maps that it was added to."""
        return OffsetBias(torch.from_numpy(self.surface), self.dimensions)


@dataclass(frozen=True, eq=False, kw_only=True)
class Added:
    """Position bias, ALiBi, dense bias and masks of one call, of all its recorded heads.

    bias: of the real keys: a position bias as its table of offsets; a bias from elsewhere as
    'h i n' or 'b h i n', where i may be 1; or None. slopes: ALiBi's, 'h', or None.

    Answers are of some heads of batch item b between chosen queries and keys: 'h q k', in the
    format and on the device of what is given to be added to.
    """

    visibility: Visibility
    bias: OffsetBias | torch.Tensor | None = None
    slopes: torch.Tensor | None = None

    @property
    def is_there(self) -> bool:
        """Whether anything is added at all."""
        return self.bias is not None or self.slopes is not None

    def add(
        self,
        scores: torch.Tensor,
        precision: Precision,
        b: int,
        heads: slice,
        queries: Some,
        keys: Some,
    ) -> None:
        """Add all of it to products 'h q k', in place, rounded as the model rounded it."""
        if not self.is_there:
            return
        at = b, heads, queries, keys
        if precision.added == scores.dtype:
            self.add_alibi(scores, heads, queries, keys)
            self.add_bias(scores, *at)
        else:
            added = torch.zeros_like(scores)
            self.add_alibi(added, heads, queries, keys)
            self.add_bias(added, *at)
            scores += rounded(added, precision.added)
        rounded(scores, precision.scores)

    def add_alibi(self, scores: torch.Tensor, heads: slice, queries: Some, keys: Some) -> None:
        """Add ALiBi to 'h q k', in place, in the format of the slopes."""
        if self.slopes is None:
            return
        sizes = self.visibility.queries, self.visibility.keys
        query, key = indices(queries, scores.device), indices(keys, scores.device)
        scores += alignment.alibi(self.slopes[heads], alignment.distance(query, key, *sizes))

    def add_bias(
        self, scores: torch.Tensor, b: int, heads: slice, queries: Some, keys: Some
    ) -> None:
        """Add the bias to 'h q k', in place; null keys, which come first, get none."""
        nulls = self.visibility.nulls
        if self.bias is None:
            return
        if nulls == 0:
            _add_to(scores, self._bias_of(scores, b, heads, queries, keys))
        elif isinstance(keys, slice):
            first = max(keys.start, nulls)
            if first < keys.stop:
                real_keys = slice(first - nulls, keys.stop - nulls)
                real = scores[..., first - keys.start :]
                _add_to(real, self._bias_of(scores, b, heads, queries, real_keys))
        else:
            has = keys >= nulls
            if has.any():
                scores[..., has] += self._bias_of(scores, b, heads, queries, keys[has] - nulls)

    def hide(
        self, scores: torch.Tensor, b: int, heads: slice, queries: Some, keys: Some
    ) -> torch.Tensor:
        """Set scores 'h q k' to −inf, in place, where a mask hides the key; returns them."""
        if not self.visibility.hides:
            return scores
        query, key = indices(queries, scores.device), indices(keys, scores.device)
        return self.visibility.hide(scores, b, query, key, heads)

    def _bias_of(
        self, scores: torch.Tensor, b: int, heads: slice, queries: Some, keys: Some
    ) -> torch.Tensor:
        """'h q k', the same heads of each of joined maps once; keys count without the nulls."""
        if isinstance(self.bias, torch.Tensor):
            dense = (self.bias[b] if self.bias.ndim == 4 else self.bias)[heads].to(scores.dtype)
            return (dense[:, queries] if dense.shape[1] > 1 else dense)[..., keys]
        bias = cast(OffsetBias, self.bias)
        if isinstance(queries, slice) and queries.step is not None:
            sample = bias.sample(queries)
            if heads.stop >= sample.shape[0]:  # more are joined maps', one after the other
                heads = slice(heads.start, None)
            return sample[heads, :, keys].to(scores.dtype)
        run = isinstance(keys, slice) and keys.stop - keys.start >= WIDE
        if isinstance(queries, slice) and run:
            return bias.rows(queries.start, queries.stop, heads)[..., keys].to(scores.dtype)
        query, key = indices(queries, scores.device), indices(keys, scores.device)
        return bias.pairs(heads, query, key).to(scores.dtype)


def _add_to(scores: torch.Tensor, bias: torch.Tensor) -> None:
    """Add a bias 'h q k' to scores 'h q k', in place, or to those of joined maps."""
    heads = bias.shape[0]
    if scores.shape[0] != heads:
        scores = scores.view(-1, heads, *scores.shape[1:])
    scores += bias


def indices(places: Some, device: torch.device) -> torch.Tensor:
    """Chosen queries or keys as numbers, int, on a device; a slice with its start and stop."""
    if isinstance(places, torch.Tensor):
        return places
    return torch.arange(places.start, places.stop, places.step or 1, device=device)
