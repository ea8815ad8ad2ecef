"""A factored attention map, O(n·d) instead of O(n²), and recomputed where it is asked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import EXACT, Precision, rounded, without_autocast, working
from phenaki_viz.numerics.room import Room
from phenaki_viz.recording.added import Added
from phenaki_viz.recording.maps import (
    Reduce,
    Span,
    Storage,
    cell_size,
    check_item,
    check_span,
    chosen_of,
    on_host,
    pool,
    wrong_sums,
)
from phenaki_viz.recording.select import cut_of_heads
from phenaki_viz.recording.visibility import Some, Visibility

BLOCK = 2**22  # weights recomputed at a time on a CPU


@dataclass(frozen=True, eq=False, kw_only=True)
class FactoredMap:
    """What the softmax was made of: exp(q·k·scale + bias − log-sum-exp of the row), masked keys 0.

    q: 'b h i d' and k: 'b h j d', as the scores used them and in the format they were multiplied
    in, null keys first; logsumexp: 'b h i'; on the host, or on the GPU that made them while there
    is room: weights are recomputed where they lie, and answers are on the host. bias: of real keys,
    as its table of offsets, as 'h i n' or 'b h i n', or None. slopes: ALiBi's, 'h', or None.
    causal, key_mask ('b n' bool, real keys): who may see whom. nulls: how many null keys, which are
    always seen, but over edges that an intervention cut: cut_edges, 'i j' or 'h i j' bool, or
    None. precision: where the model rounded; the same is done here, and no more than that.

    Every row that is read whole is summed: a part that is damaged gives rows whose sum is not 1.
    """

    q: torch.Tensor
    k: torch.Tensor
    logsumexp: torch.Tensor
    bias: OffsetBias | torch.Tensor | None = None
    slopes: torch.Tensor | None = None
    causal: bool = False
    key_mask: torch.Tensor | None = None
    nulls: int = 0
    scale: float = 1.0
    precision: Precision = EXACT
    cut_edges: torch.Tensor | None = None

    storage: Storage = "factored"

    @classmethod
    def of(cls, *, logsumexp: torch.Tensor | None, **parts: Any) -> "FactoredMap":
        """A map of its parts; a `logsumexp` that is None is summed from the others, by blocks."""
        if logsumexp is not None:
            return cls(logsumexp=logsumexp, **parts)
        q = parts["q"]
        made = cls(logsumexp=q.new_empty(q.shape[:-1], dtype=working(q.dtype)), **parts)
        b, h, i, j = made.shape
        step = made._rows_at_once(h * j)
        for item in range(b):
            for first in range(0, i, step):
                run = slice(first, min(first + step, i))
                scores = made._scores(item, slice(0, h), run, slice(0, j))
                made.logsumexp[item, :, run] = scores.logsumexp(dim=-1)
            # No key to sum over: not a row that went wrong. `_weights` knows what it looks at.
            made._fill_blind(made.logsumexp[item, ..., None], item, slice(0, i), 0)
        return made

    @classmethod
    def joined(cls, maps: Sequence["FactoredMap"]) -> "FactoredMap":
        """Maps alike in all but their queries and keys, as one: their heads one after the other.

        Their bias is one for all of them. It is read with all of its heads.
        """
        one = maps[0]
        if len(maps) == 1:
            return one
        slopes = [each.slopes for each in maps if each.slopes is not None]
        return cls(
            q=torch.cat([each.q for each in maps], dim=1),
            k=torch.cat([each.k for each in maps], dim=1),
            logsumexp=torch.cat([each.logsumexp for each in maps], dim=1),
            bias=one.bias,
            slopes=torch.cat(slopes) if slopes else None,
            causal=one.causal,
            key_mask=one.key_mask,
            nulls=one.nulls,
            scale=one.scale,
            precision=one.precision,
            cut_edges=one.cut_edges,
        )

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """'b h i j'."""
        b, h, i, _ = self.q.shape
        return b, h, i, self.k.shape[2]

    @property
    def nbytes(self) -> int:
        """Bytes this map keeps in memory; a table of offsets belongs to the recording."""
        kept = self.q.nbytes + self.k.nbytes + self.logsumexp.nbytes
        for tensor in (self.bias, self.key_mask, self.slopes, self.cut_edges):
            kept += 0 if tensor is None or isinstance(tensor, OffsetBias) else tensor.nbytes
        return kept

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return self.q.device

    def __getstate__(self) -> dict[str, Any]:
        host = self.moved(lambda tensor: tensor.cpu())
        return {field.name: getattr(host, field.name) for field in fields(host)}

    def rows(self, b: int, h: int, queries: Sequence[int]) -> np.ndarray:
        """What these queries look at: 'q j' float32."""
        check_item(self.shape, b, h)
        every, chosen = slice(0, self.shape[3]), self._there("rows", queries, self.shape[2])
        weights = self._weights(b, slice(h, h + 1), chosen, every)[0]
        self.note_sums(b, h, chosen, weights)
        return on_host(weights)

    def rows_of_heads(self, b: int, queries: slice) -> torch.Tensor:
        """What these queries look at, in every head: 'h q j', as wide as it is computed.

        queries: with all its ends.
        """
        return self._weights(b, slice(0, self.shape[1]), queries, slice(0, self.shape[3]))

    def columns(self, b: int, h: int, keys: Sequence[int]) -> np.ndarray:
        """Who looks at these keys: 'i k' float32."""
        check_item(self.shape, b, h)
        queries, chosen = slice(0, self.shape[2]), self._there("columns", keys, self.shape[3])
        return on_host(self._weights(b, slice(h, h + 1), queries, chosen)[0])

    def tile(
        self,
        b: int,
        h: int,
        rows: Span,
        columns: Span,
        shape: tuple[int, int] | None = None,
        reduce: Reduce = "mean",
    ) -> np.ndarray:
        """The rectangle 'rows columns' float32, pooled into at most `shape` cells.

        As `DenseMap.tile`; made block by block, so that no more than the result is ever held.
        """
        return np.concatenate(list(self.tile_runs(b, h, rows, columns, shape, reduce)))

    def tile_runs(
        self,
        b: int,
        h: int,
        rows: Span,
        columns: Span,
        shape: tuple[int, int] | None = None,
        reduce: Reduce = "mean",
    ) -> Iterator[np.ndarray]:
        """A tile as `tile` gives it, in runs of its rows from the top, each made when asked for."""
        check_item(self.shape, b, h)
        check_span("rows", rows, self.shape[2])
        check_span("columns", columns, self.shape[3])
        y, x = shape or (None, None)
        cell = cell_size(rows[1] - rows[0], y), cell_size(columns[1] - columns[0], x)
        for block in self._blocks(b, h, rows, columns, cell[0]):
            yield on_host(pool(block, cell, reduce))

    def full(self, b: int, h: int) -> np.ndarray:
        """The whole map: 'i j' float32."""
        return self.tile(b, h, (0, self.shape[2]), (0, self.shape[3]))

    def wrong_rows(self, b: int, h: int, rows: Span | None = None) -> np.ndarray:
        """Queries whose weights are not a distribution, int; see `AttentionMap.wrong_rows`.

        A row that was not read whole before is recomputed and summed: of a long map ask for the
        rows on view.
        """
        check_item(self.shape, b, h)
        first, end = rows or (0, self.shape[2])
        check_span("rows", (first, end), self.shape[2])
        sums = self._sums[b, h]
        missing = first + np.flatnonzero(np.isnan(sums[first:end]))
        step = self._rows_at_once(self.shape[3], len(missing))
        for at in range(0, len(missing), step):
            some = missing[at : at + step]
            run = some[-1] - some[0] + 1 == len(some)
            queries: Some = slice(int(some[0]), int(some[-1]) + 1)
            if not run:
                queries = self._there("rows", some, self.shape[2])
            weights = self._weights(b, slice(h, h + 1), queries, slice(0, self.shape[3]))[0]
            self.note_sums(b, h, queries, weights)
        return np.flatnonzero(wrong_sums(sums, self.precision.weights, self.shape[3]))

    def select(self, items: Sequence[int], heads: Sequence[int]) -> "FactoredMap":
        """The chosen batch items and heads, in the chosen order."""
        b, h, _, _ = self.shape
        if (*items,) == (*range(b),) and (*heads,) == (*range(h),):
            return self
        item, head = list(items), list(heads)
        bias = self.bias
        if isinstance(bias, OffsetBias):
            bias = OffsetBias(bias.surface[head], bias.dimensions)
        elif bias is not None:
            bias = bias[head] if bias.ndim == 3 else bias[item][:, head]
        return FactoredMap(
            q=self.q[item][:, head],
            k=self.k[item][:, head],
            logsumexp=self.logsumexp[item][:, head],
            bias=bias,
            slopes=None if self.slopes is None else self.slopes[head],
            causal=self.causal,
            key_mask=None if self.key_mask is None else self.key_mask[item],
            nulls=self.nulls,
            scale=self.scale,
            precision=self.precision,
            cut_edges=cut_of_heads(self.cut_edges, head),
        )

    def moved(self, move: Callable[[torch.Tensor], torch.Tensor]) -> "FactoredMap":
        """The map with every tensor on the host, and a table of offsets too; itself if it is."""
        q, bias = move(self.q), self.bias
        if q is self.q:  # all of a model is in one place
            return self
        if isinstance(bias, OffsetBias):
            bias = bias.moved(move)
        elif bias is not None:
            bias = move(bias)
        return replace(
            self,
            q=q,
            k=move(self.k),
            logsumexp=move(self.logsumexp),
            bias=bias,
            slopes=None if self.slopes is None else move(self.slopes),
            key_mask=None if self.key_mask is None else move(self.key_mask),
            cut_edges=None if self.cut_edges is None else move(self.cut_edges),
        )

    @cached_property
    def added(self) -> Added:
        """What was added to the products of queries and keys, and which keys were hidden."""
        _, _, i, j = self.shape
        visibility = Visibility(
            queries=i,
            keys=j,
            nulls=self.nulls,
            causal=self.causal,
            key_mask=self.key_mask,
            cut=self.cut_edges,
            device=self.device,
        )
        return Added(visibility=visibility, bias=self.bias, slopes=self.slopes)

    @cached_property
    def _sums(self) -> np.ndarray:
        """The sum of every row that was read whole, 'b h i' float32: NaN before, inf if not one."""
        return np.full(self.shape[:3], np.nan, np.float32)

    def note_sums(self, b: int, h: int, queries: Some, weights: torch.Tensor) -> None:
        """Keep the sums of whole rows 'q j'."""
        self.note(b, h, queries, weights.sum(dim=-1))

    def note(self, b: int, h: int, queries: Some | np.ndarray, sums: torch.Tensor) -> None:
        """Keep what whole rows sum to, 'q'."""
        at = queries.cpu().numpy() if isinstance(queries, torch.Tensor) else queries
        self._sums[b, h, at] = on_host(sums.nan_to_num(nan=torch.inf))

    def _blocks(
        self, b: int, h: int, rows: Span, columns: Span, cell: int
    ) -> Iterator[torch.Tensor]:
        """The rectangle in runs of rows that end where a picture cell ends."""
        width = columns[1] - columns[0]
        step = max(1, self._rows_at_once(width, rows[1] - rows[0]) // cell) * cell
        for first in range(rows[0], rows[1], step):
            run = slice(first, min(first + step, rows[1]))
            weights = self._weights(b, slice(h, h + 1), run, slice(*columns))[0]
            if width == self.shape[3]:
                self.note_sums(b, h, run, weights)
            yield weights

    @property
    def _dtype(self) -> torch.dtype:
        """What weights are computed in: float32, or float64 like the model."""
        return working(self.q.dtype)

    def _weights(self, b: int, heads: slice, queries: Some, keys: Some) -> torch.Tensor:
        """'h q k' float32 or float64."""
        weights = self._scores(b, heads, queries, keys)
        weights -= self.logsumexp[b, heads, queries, None]
        weights.exp_()
        # A query that may see no key looks at all of them alike, as published.
        self._fill_blind(weights, b, queries, 1 / self.shape[3])
        return rounded(weights, self.precision.weights)

    def _fill_blind(self, rows: torch.Tensor, b: int, queries: Some, value: float) -> None:
        """Set the rows 'h q …' of queries that may see no key."""
        if not self.added.visibility.hides:
            return
        blind = self.added.visibility.counts(b)[queries] == 0
        if rows.is_cpu:
            rows[:, blind] = value
        else:  # without asking the GPU how many there are
            rows.masked_fill_(blind[:, None], value)

    def _rows_at_once(self, width: int, rows: int = 2**31) -> int:
        """How many rows of so many weights are made at a time, where the parts lie."""
        device = self.q.device
        block = BLOCK if device.type == "cpu" else Room.on(device, width * rows).block
        return max(1, block // width)

    def products(self, b: int, heads: slice, queries: Some, keys: Some) -> torch.Tensor:
        """Products of queries and keys, scaled: 'h q k' float32 or float64."""
        precision, dtype = self.precision, self._dtype
        q, k = self.q[b, heads, queries].to(dtype), self.k[b, heads, keys].to(dtype)
        with without_autocast(q.device):
            products = rounded(torch.bmm(q, k.mT), precision.products)
        if self.scale != 1:
            rounded(products.mul_(self.scale), precision.products)
        return products

    def _scores(self, b: int, heads: slice, queries: Some, keys: Some) -> torch.Tensor:
        """What the softmax is taken of, 'h q k' float32 or float64; −inf where a key is hidden."""
        scores = self.products(b, heads, queries, keys)
        self.added.add(scores, self.precision, b, heads, queries, keys)
        return self.added.hide(scores, b, heads, queries, keys)

    def _there(self, name: str, places: Sequence[int] | np.ndarray, extent: int) -> torch.Tensor:
        return chosen_of(name, places, extent).to(self.q.device)
