"""One attention map behind a small interface, so that how it is stored never matters above.

`DenseMap` keeps the softmax itself; `FactoredMap` (parts.py) what it is made of. Both answer the
same questions: `rows`, `columns`, `tile`, `tile_runs`, `full`, `wrong_rows`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, Self

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange

from phenaki_viz.errors import RecordingError, ShapeError
from phenaki_viz.numerics.precision import EXACT, HALF, Precision

Reduce = Literal["mean", "max", "sum"]
Storage = Literal["dense", "factored"]
TOLERANCE = 1e-3  # how far from 1 a row's sum may be, where weights are not rounded
Span = tuple[int, int]  # first cell, one past the last


class AttentionMap(Protocol):
    """Attention 'b h i j' of one call of one module; every answer is float32.

    `b` and `h` count what was recorded: with some heads chosen, 0 is the first chosen one.
    `j` counts the null keys first, then the real ones.
    """

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """'b h i j'."""

    @property
    def nbytes(self) -> int:
        """Bytes this map keeps in memory."""

    @property
    def storage(self) -> Storage:
        """Whether the weights themselves are kept, or their factors, and recomputed."""

    @property
    def precision(self) -> Precision:
        """In which formats the model computed it."""

    @property
    def device(self) -> torch.device:
        """Where it lies: answers are on the host in any case."""

    def moved(self, move: Callable[[torch.Tensor], torch.Tensor]) -> Self:
        """The map on the host: itself where it lies there already."""

    def rows(self, b: int, h: int, queries: Sequence[int]) -> np.ndarray:
        """What these queries look at: 'q j'. Raises RecordingError for one that is not there."""

    def columns(self, b: int, h: int, keys: Sequence[int]) -> np.ndarray:
        """Who looks at these keys: 'i k'. Raises RecordingError for one that is not there."""

    def tile(
        self,
        b: int,
        h: int,
        rows: Span,
        columns: Span,
        shape: tuple[int, int] | None = None,
        reduce: Reduce = "mean",
    ) -> np.ndarray:
        """The rectangle 'rows columns', pooled into at most `shape` cells."""

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

    def full(self, b: int, h: int) -> np.ndarray:
        """The whole map: 'i j'."""

    def wrong_rows(self, b: int, h: int, rows: Span | None = None) -> np.ndarray:
        """Queries whose weights are not a distribution: indices, int.

        rows: which ones are looked at; others may be told as well, when they are known. None: all.
        """


def cell_size(extent: int, wanted: int | None) -> int:
    """How many weights one picture cell stands for, along one axis: 1 is exact."""
    if wanted is None:
        return 1
    if wanted < 1:
        raise RecordingError(f"a picture needs at least 1 cell a side, got {wanted}")
    return max(1, -(-extent // wanted))


def pool(tile: torch.Tensor, cell: tuple[int, int], reduce: Reduce) -> torch.Tensor:
    """Reduce '… y x' over blocks of `cell`; the last block may be smaller and stays exact.

    Returns '… ceil(y/cell) ceil(x/cell)'. Raises RecordingError for an unknown `reduce`.
    """
    if reduce not in ("mean", "max", "sum"):
        raise RecordingError(f"reduce is 'mean', 'max' or 'sum', got {reduce!r}")
    if cell == (1, 1):
        return tile
    if tile.is_cuda:
        return _pool_along(_pool_along(tile, cell[1], reduce).mT, cell[0], reduce).mT
    maps = rearrange(tile, "... y x -> (...) 1 y x")
    if reduce == "max":
        pooled = F.max_pool2d(maps, cell, ceil_mode=True)
    else:
        divisor = 1 if reduce == "sum" else None
        pooled = F.avg_pool2d(maps, cell, ceil_mode=True, divisor_override=divisor)
    return pooled.reshape(*tile.shape[:-2], *pooled.shape[-2:])


def mean_cells(sums: np.ndarray, rows: int, cell: tuple[int, int]) -> np.ndarray:
    """Means over cells of weights, 'y x' float32, as `pool` gives them.

    sums: 'y j', over the rows of each cell, of which there are so many in all; the last may be of
    fewer.
    """
    starts = np.arange(0, sums.shape[1], cell[1])
    total = np.add.reduceat(sums, starts, axis=1, dtype=np.float64)
    tall = np.diff(np.append(np.arange(0, rows, cell[0]), rows))
    wide = np.diff(np.append(starts, sums.shape[1]))
    means: np.ndarray = (total / np.multiply.outer(tall, wide)).astype(np.float32)
    return means


def _pool_along(tile: torch.Tensor, cell: int, reduce: Reduce) -> torch.Tensor:
    """'… n' → '… ceil(n/cell)', for a GPU, whose pooling gives a whole cell to a single thread."""
    whole = tile.shape[-1] // cell * cell
    parts = [tile[..., :whole].unflatten(-1, (-1, cell))] if whole else []
    parts += [tile[..., whole:].unsqueeze(-2)] if whole < tile.shape[-1] else []
    if reduce == "max":
        return torch.cat([part.amax(dim=-1) for part in parts], dim=-1)
    sums = [part.sum(dim=-1) / (part.shape[-1] if reduce == "mean" else 1) for part in parts]
    return torch.cat(sums, dim=-1)


def on_host(tensor: torch.Tensor) -> np.ndarray:
    """The numbers as float32, wherever they lie."""
    return tensor.detach().float().cpu().numpy()


def check_item(shape: Sequence[int], b: int, h: int) -> None:
    """Raise RecordingError when a map 'b h i j' has no such batch item or head."""
    batch, heads, *_ = shape
    if not (0 <= b < batch and 0 <= h < heads):
        raise RecordingError(
            f"asked for batch item {b} and head {h}; {batch} items and {heads} heads "
            "were recorded, counted from 0"
        )


def chosen_of(name: str, places: Sequence[int] | np.ndarray, extent: int) -> torch.Tensor:
    """Chosen rows or columns as numbers, int64 on the host.

    Raises RecordingError where one is no whole number from 0, or none of the `extent` there are:
    one from the end would be another place to masks and biases.
    """
    chosen = np.asarray(places)
    whole = chosen.ndim == 1 and (chosen.dtype.kind in "iu" or not len(chosen))
    if not whole or (len(chosen) and not 0 <= chosen.min() <= chosen.max() < extent):
        what = {"rows": "queries", "columns": "keys"}[name]
        raise RecordingError(
            f"{name} asked of a map with {extent} {what}, counted from 0: {places!r:.60}"
        )
    return torch.from_numpy(chosen.astype(np.int64))


def check_span(name: str, span: Span, extent: int) -> None:
    """Raise RecordingError when `span` is empty or leaves the `extent` rows or columns."""
    first, end = span
    if not 0 <= first < end <= extent:
        raise RecordingError(f"{name} {first} to {end} asked of a map with {extent} {name}")


def wrong_rows(attn: np.ndarray, weights: torch.dtype = torch.float32) -> np.ndarray:
    """Queries whose weights are not a distribution: indices, int.

    attn: 'i j'. weights: the format they were rounded to. Wrong is NaN, infinite, negative, or a
    sum that is off 1 by more than rounding explains.
    """
    if attn.ndim != 2:
        raise ShapeError(f"a map is 'i j', got shape {attn.shape}")
    return _wrong_rows(torch.from_numpy(attn), weights)


def _wrong_rows(attn: torch.Tensor, weights: torch.dtype) -> np.ndarray:
    sums = attn.sum(dim=1, dtype=torch.promote_types(attn.dtype, torch.float32)).cpu().numpy()
    negative = ~(attn.amin(dim=1) >= 0).cpu().numpy()  # NaN too
    return np.flatnonzero(negative | wrong_sums(sums, weights, attn.shape[1]))


def wrong_sums(sums: np.ndarray, weights: torch.dtype, keys: int) -> np.ndarray:
    """Which sums of so many weights are off 1 by more than rounding explains, bool.

    NaN stands for a sum that nobody took; it is not wrong.
    """
    tolerance = TOLERANCE
    if weights in HALF:  # each weight is off by half a step at most: of itself, or of the least
        steps = torch.finfo(weights)
        tolerance += steps.eps / 2 + keys * steps.smallest_normal * steps.eps / 2
    with np.errstate(invalid="ignore"):
        off: np.ndarray = np.abs(np.asarray(sums, np.float64) - 1) > tolerance
    return off


@dataclass(frozen=True, eq=False)
class DenseMap:
    """The softmax itself, as it multiplied the values.

    attn: 'b h i j', float32 or float16, on the host or on the GPU that made it. precision: of the
    model that made it.
    """

    attn: torch.Tensor
    precision: Precision = EXACT
    storage: Storage = "dense"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """'b h i j'."""
        b, h, i, j = self.attn.shape
        return b, h, i, j

    @property
    def nbytes(self) -> int:
        """Bytes this map keeps in memory."""
        return self.attn.nbytes

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return self.attn.device

    def moved(self, move: Callable[[torch.Tensor], torch.Tensor]) -> "DenseMap":
        """The map on the host: itself where it lies there already."""
        attn = move(self.attn)
        return self if attn is self.attn else DenseMap(attn, self.precision)

    def __getstate__(self) -> dict[str, Any]:
        return {"attn": self.attn.cpu(), "precision": self.precision, "storage": self.storage}

    def rows(self, b: int, h: int, queries: Sequence[int]) -> np.ndarray:
        """What these queries look at: 'q j' float32."""
        return self._out(self._map(b, h)[chosen_of("rows", queries, self.shape[2])])

    def columns(self, b: int, h: int, keys: Sequence[int]) -> np.ndarray:
        """Who looks at these keys: 'i k' float32."""
        return self._out(self._map(b, h)[:, chosen_of("columns", keys, self.shape[3])])

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

        One cell stands for `cell_size(extent, shape)` weights a side. Raises RecordingError
        when the rectangle is empty or leaves the map.
        """
        check_span("rows", rows, self.shape[2])
        check_span("columns", columns, self.shape[3])
        tile = self._map(b, h)[slice(*rows), slice(*columns)].float()
        y, x = shape or (None, None)
        cell = cell_size(tile.shape[0], y), cell_size(tile.shape[1], x)
        return self._out(pool(tile, cell, reduce))

    def tile_runs(
        self,
        b: int,
        h: int,
        rows: Span,
        columns: Span,
        shape: tuple[int, int] | None = None,
        reduce: Reduce = "mean",
    ) -> Iterator[np.ndarray]:
        """A tile, as `tile` gives it, in one run: the whole map is there already."""
        yield self.tile(b, h, rows, columns, shape, reduce)

    def full(self, b: int, h: int) -> np.ndarray:
        """The whole map: 'i j' float32."""
        return self._out(self._map(b, h))

    def wrong_rows(self, b: int, h: int, rows: Span | None = None) -> np.ndarray:
        """Queries whose weights are not a distribution: indices, int; of all rows."""
        if (b, h) not in self._wrong:
            formats = (self.precision.weights, self.attn.dtype)
            coarsest = max(formats, key=lambda one: torch.finfo(one).eps)
            self._wrong[b, h] = _wrong_rows(self._map(b, h).detach(), coarsest)
        return self._wrong[b, h]

    @cached_property
    def _wrong(self) -> dict[tuple[int, int], np.ndarray]:
        """The wrong rows of every head that was asked for."""
        return {}

    def _map(self, b: int, h: int) -> torch.Tensor:
        check_item(self.shape, b, h)
        return self.attn[b, h]

    @staticmethod
    def _out(tensor: torch.Tensor) -> np.ndarray:
        return on_host(tensor)
