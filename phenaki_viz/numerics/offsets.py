"""A position bias as its table of distinct offsets, read for any queries and keys of a grid."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from weakref import WeakValueDictionary

import numpy as np
import torch
from einops import rearrange
from numpy.lib.stride_tricks import as_strided

Box = tuple[int, tuple[int | slice, ...]]  # a token, and places along each axis of a grid
FEW = 2**20  # places in a table that are kept for the next who asks: 8 MiB
MOST_PAIRS = 2**25  # numbers of a table whose last axis is copied out as pairs: 128 MiB


class OffsetBias:
    """What a grid's position adds to the scores 'h i j', kept as O(n) numbers instead of O(n²).

    surface: 'h (2d-1)…', the value for query − key = o along an axis of length d at o + d − 1.
    dimensions: lengths of the grid's axes. Queries and keys count along the grid, last axis first.
    """

    def __init__(self, surface: torch.Tensor, dimensions: Sequence[int]) -> None:
        self.surface = surface
        self.dimensions = tuple(dimensions)
        self._dense: torch.Tensor | None = None
        self._expanded: torch.Tensor | None = None
        self._sample: tuple[slice, torch.Tensor] | None = None
        self._source: OffsetBias | None = None
        self._elsewhere: WeakValueDictionary[torch.device, OffsetBias] | None = None

    def __reduce__(self) -> tuple[type["OffsetBias"], tuple[torch.Tensor, tuple[int, ...]]]:
        return OffsetBias, (self.surface, self.dimensions)  # what it was read into is made again

    @property
    def shape(self) -> tuple[int, int, int]:
        """'h i j'."""
        n = math.prod(self.dimensions)
        return self.surface.shape[0], n, n

    @property
    def ndim(self) -> int:
        """Axes of `shape`."""
        return 3

    @property
    def nbytes(self) -> int:
        """Bytes of the table."""
        return self.surface.nbytes

    def on(self, device: torch.device) -> "OffsetBias":
        """The table on a device: itself where it is there, and one copy for all who ask."""
        if self.surface.device == device:
            return self
        if self._source is not None:
            return self._source.on(device)
        there = None if self._elsewhere is None else self._elsewhere.get(device)
        if there is None:
            there = OffsetBias(self.surface.to(device), self.dimensions)
            self.adopt(there)
        return there

    def adopt(self, there: "OffsetBias") -> None:
        """Know the same table where it lies on another device already."""
        if self._elsewhere is None:  # of one device only, most are
            self._elsewhere = WeakValueDictionary()
        self._elsewhere[there.surface.device] = there
        there._source = self

    def moved(self, move: Callable[[torch.Tensor], torch.Tensor]) -> "OffsetBias":
        """The table moved to the host; the one that it was copied from, if that lies there."""
        if self._source is not None and self._source.surface.is_cpu:
            return self._source
        surface = move(self.surface)
        # There already: other maps share this very table, and what it was read into.
        shared = surface.data_ptr() == self.surface.data_ptr()
        return self if shared else OffsetBias(surface, self.dimensions)

    def dense(self) -> torch.Tensor:
        """All pairs, 'h i j'; made once, so that layers which share the bias share this too."""
        if self._dense is None:
            if self.surface.is_cuda:
                self._dense = self._gathered(slice(None), 0, self.shape[2])
            else:
                self._dense = gather_pairs(self.surface, self.dimensions)
        return self._dense

    def rows(
        self,
        first: int,
        last: int,
        heads: slice = slice(None),
        out: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The bias of queries first to last, excluded, of all or some heads: 'h i j'.

        out: contiguous memory of that shape on a CPU, which may be written to and returned.
        """
        if self._dense is not None:
            return self._dense[heads, first:last]
        if self.surface.is_cuda:  # one launch for all of them
            return self._gathered(heads, first, last)
        *lead, width = self.dimensions
        together = len(self.surface) * self.surface[0].numel() * width <= MOST_PAIRS
        table = self._last_pairs(keep=together)[heads]
        shape = len(table), last - first, *self.dimensions
        rows = table.new_empty(shape) if out is None else out.view(shape)
        query = first
        while query < last:  # queries that differ in the last axis only are copied together
            start = query % width
            run = min(width - start, last - query) if together else 1
            window = table.narrow(1, start if together else width - 1 - start, run)
            for axis, (at, size) in enumerate(_places(query // width, lead), start=2):
                window = window.narrow(axis, size - 1 - at, size)
            rows[:, query - first : query - first + run] = window
            query += run
        return rows.view(len(table), last - first, self.shape[2])

    def put(self, head: int, queries: slice | np.ndarray, planes: slice, out: np.ndarray) -> None:
        """Write one head's bias of some queries, on a CPU.

        queries: a run with both ends, or the index of each, 'i' int. planes: which places along the
        first axis of the grid, with both ends, the keys have. out: 'i j' of these keys, contiguous.
        """
        pairs, axes = self._every_pair[head], len(self.dimensions)
        for first, box in _boxes_of(queries, self.dimensions):
            found = pairs[(*box, planes)]
            count = math.prod(found.shape[:-axes])
            out[first : first + count].reshape(found.shape)[...] = found

    @cached_property
    def _every_pair(self) -> np.ndarray:
        """All pairs as a view: 'h', the axes of the query, the axes of the key.

        Read backwards, the keys of a query are a window of the table, which goes back by one where
        the query goes on by one.
        """
        backwards = self.surface.detach().flip(dims=tuple(range(1, self.surface.ndim)))
        table = backwards.contiguous().numpy()
        start = table[(slice(None), *(slice(size - 1, None) for size in self.dimensions))]
        head, *steps = table.strides
        return as_strided(
            start,
            (len(table), *self.dimensions, *self.dimensions),
            (head, *(-step for step in steps), *steps),
            writeable=False,
        )

    def _gathered(self, heads: slice, first: int, last: int) -> torch.Tensor:
        """The bias of queries first to last, 'h i j', by one index for all heads."""
        table = self.surface[heads].flatten(start_dim=1)
        key = self._short_strides
        query = key[first:last] + table.shape[1] // 2
        index = query[:, None] - key[None]
        found = table.index_select(1, index.view(-1))
        return found.view(len(table), last - first, self.shape[2])

    def pairs(self, heads: slice, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        """The bias of some heads between chosen queries and keys, both int: 'h i j'."""
        table = self.surface[heads].flatten(start_dim=1)
        # An offset's place in the table is a difference of two sums, one of each token's place.
        query, key = self._strides[queries], self._strides[keys]
        return table[:, query[:, None] - key[None] + table.shape[1] // 2]

    def sample(self, queries: slice) -> torch.Tensor:
        """The bias of every so many queries: 'h i j'. Made once for layers that share the bias."""
        if self._sample is None or self._sample[0] != queries:
            table = self.surface.flatten(start_dim=1)
            run = queries.start, queries.stop, queries.step
            few = len(range(*run)) * self.shape[2] <= FEW
            made = _between if few else _between.__wrapped__
            index = made(self.dimensions, run, table.device)
            found = table.index_select(1, index.view(-1))
            self._sample = queries, found.view(table.shape[0], *index.shape)
        return self._sample[1]

    def _last_pairs(self, *, keep: bool) -> torch.Tensor:
        """The table read backwards, its last axis as windows: 'h query (2d-1)… key'.

        keep: copied once, in the order of the queries: what a query reads of the last two axes then
        lies together. Else a view, last query first.
        """
        if self._expanded is None:
            # Read backwards, the keys of one query are a window: query q of d starts at d − 1 − q.
            backwards = self.surface.flip(dims=tuple(range(1, self.surface.ndim)))
            windows = backwards.unfold(-1, self.dimensions[-1], 1)
            windows = windows.movedim(-2, 1)
            self._expanded = windows.contiguous().flip(dims=(1,)) if keep else windows
        return self._expanded

    @property
    def _short_strides(self) -> torch.Tensor:
        """Places in a flat table in 32 bits: half the bytes are half the time on a GPU."""
        return _strides(self.dimensions, self.surface.device, torch.int32)

    @property
    def _strides(self) -> torch.Tensor:
        """The place of every token in a flat table, up to a constant: 'n' int."""
        return _strides(self.dimensions, self.surface.device, torch.int64)


@lru_cache(maxsize=16)
def _strides(dimensions: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """The place of every token in a flat table, up to a constant, 'n': one for all of a grid."""
    with torch.inference_mode(mode=False):  # gradients may go through what it indexes
        tokens = torch.arange(math.prod(dimensions), device="cpu")
        total, stride = torch.zeros_like(tokens), 1
        for size in reversed(dimensions):
            total = total + tokens % size * stride
            tokens = tokens // size
            stride *= 2 * size - 1
        return total.to(device, dtype)


@lru_cache(maxsize=16)
def _between(
    dimensions: tuple[int, ...], queries: tuple[int, int, int], device: torch.device
) -> torch.Tensor:
    """Places in a flat table of every so many queries (start, stop, step) and all keys: 'i j'."""
    with torch.inference_mode(mode=False):
        place = _strides(dimensions, device, torch.int64)
        half = math.prod(2 * size - 1 for size in dimensions) // 2
        return place[slice(*queries)][:, None] - place[None] + half


def _boxes_of(tokens: slice | np.ndarray, sizes: Sequence[int]) -> Iterator[Box]:
    """Tokens of a grid, in boxes: which is the first token of each, counted in these; its place."""
    if isinstance(tokens, slice):
        return ((at - tokens.start, box) for at, box in _boxes(tokens.start, tokens.stop, sizes))
    return enumerate(zip(*np.unravel_index(tokens, sizes), strict=True))


def _boxes(first: int, last: int, sizes: Sequence[int]) -> Iterator[Box]:
    """Tokens first to last, excluded, in boxes of a grid: the first token of each, and its place.

    A box is a part of a line along the last axis, or whole lines beside each other.
    """
    *lead, width = sizes
    while first < last:
        *places, (line, lines) = [(0, 1), *_places(first // width, lead)]
        at, whole = first % width, min((last - first) // width, lines - line)
        before = [place for place, _ in places[1:]]
        if at or not whole or not lead:
            run = min(width - at, last - first)
            yield first, (*before, *[line] * bool(lead), slice(at, at + run))
        else:
            run = whole * width
            yield first, (*before, slice(line, line + whole), slice(None))
        first += run


def _places(token: int, sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Where a token lies along each axis, with the axis's length."""
    places = []
    for size in reversed(sizes):
        places.append((token % size, size))
        token //= size
    return places[::-1]


def gather_pairs(surface: torch.Tensor, dimensions: tuple[int, ...]) -> torch.Tensor:
    """The value of every pair of positions, read off a surface over offsets.

    surface: 'h (2d-1)…', the value for query − key = o at o + d − 1. Returns 'h i j'.
    One axis after the other, the last one first, so that the large copies are of long runs.
    """
    # Read backwards, the keys of one query are a window: query q of d starts at d − 1 − q.
    pairs = rearrange(surface.flip(dims=tuple(range(1, surface.ndim))), "h ... -> h ... 1 1")
    for size in reversed(dimensions):
        windows = [pairs.narrow(-3, size - 1 - query, size) for query in range(size)]
        rows = [rearrange(window, "h ... key i j -> h ... i key j") for window in windows]
        pairs = rearrange(
            torch.stack(rows, dim=-4), "h ... query i key j -> h ... (query i) (key j)"
        )
    return pairs
