"""Rows of a factored map one run after the other, in memory that is taken once and used again.

To take new memory for each step costs as much as the step: the system zeroes every page of it. So
a reader of a whole head keeps a few arrays. Rows are made in blocks of some keys that stay in a
core's own cache through every step: the bias, then queries times keys less log-sum-exp onto it,
then 2 to the power of that. Logarithms are to base 2, as bias and queries are in bits from the
start: what is taken of them is in bits, 2ˣ takes half the time of eˣ, and a product that is added
as it is takes less than one that is multiplied on the way.
"""

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch

from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import EXACT, without_autocast
from phenaki_viz.recording.maps import AttentionMap, mean_cells
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.visibility import HOST

KEYS = 1024  # of a block
APART = 16  # numbers between rows: else one key of all rows has one place in the cache
BITS = math.log2(math.e)  # of a natural unit
Block = tuple[slice, slice]  # of places along the grid's first axis, and the keys that are there
Chosen = slice | np.ndarray  # queries: a run with both ends, or the index of each


@dataclass(eq=False)
class RowSums:
    """What is summed over the keys of each row while its logarithms are in cache: 'q' float64.

    weighted_logs: weights times their logarithms to base 2. spread: squares of what these are off
    their mean. together: the same times what position adds, in bits, off its mean; without meaning
    where no table of offsets was added.
    """

    weighted_logs: np.ndarray
    spread: np.ndarray
    together: np.ndarray

    def of_rows(self, some: slice) -> "RowSums":
        """The sums of some of the rows, counted from the first of these."""
        return RowSums(self.weighted_logs[some], self.spread[some], self.together[some])


@dataclass(frozen=True, eq=False)
class _Queries:
    """factors: 'q d+1', each query and what is taken off its row, both in bits; see
    `RowStream._keys`.
    """

    chosen: Chosen
    factors: torch.Tensor

    def __len__(self) -> int:
        return len(self.factors)


@dataclass(eq=False)
class RowStream:
    """Whole rows of one head of a map, a run at a time; see `stream_of`.

    Several threads may read at once: each has memory of its own.
    """

    held: FactoredMap
    item: int
    head: int
    _memory: threading.local = field(default_factory=threading.local)

    def read(self, queries: Chosen, *, sums: bool = True) -> tuple[np.ndarray, RowSums | None]:
        """Rows 'q j' float32 of these queries, until this thread reads again; and their sums.

        queries: a run with both ends is read fastest. sums: whether these are wanted.
        """
        keys = self.held.shape[3]
        with torch.inference_mode(), without_autocast(self.held.device):
            chosen = self._queries_of(queries)
            rows = len(chosen)
            weights = self._taken("weights", rows * (keys + APART)).view(rows, -1)[:, :keys]
            masses, taken = torch.zeros(rows, device=HOST), _Sums(rows)
            for planes, some in self._blocks():
                logs = self._taken("logs", rows * (some.stop - some.start)).view(rows, -1)
                apart = sums and self._bias is not None
                place = self._taken("place", logs.numel()).view(rows, -1) if apart else logs
                self._make_logs(chosen, (planes, some), place, logs)
                block = torch.exp2(logs, out=weights[:, some])
                masses += block.sum(dim=1)
                if sums:
                    taken.add(block, logs, place)
        self.held.note(self.item, self.head, queries, masses)
        return weights.numpy(), taken.found if sums else None

    def pooled(self, first: int, end: int, cell: tuple[int, int]) -> np.ndarray:
        """Means over blocks of `cell` of these queries' rows, 'y x' float32; see `maps.pool`.

        Nothing as large as the rows is held.
        """
        rows, high = end - first, -(-(end - first) // cell[0])
        masses = torch.zeros(rows, device=HOST)
        cells = self._taken("cells", high * self.held.shape[3]).view(high, -1)
        with torch.inference_mode(), without_autocast(self.held.device):
            chosen = self._queries_of(slice(first, end))
            for planes, keys in self._blocks():
                block = self._taken("block", rows * (keys.stop - keys.start)).view(rows, -1)
                self._make_logs(chosen, (planes, keys), block, block)
                masses += torch.exp2(block, out=block).sum(dim=1)
                _cell_sums(block, cell[0], cells[:, keys])
        self.held.note(self.item, self.head, slice(first, end), masses)
        return mean_cells(cells.numpy(), rows, cell)

    def _make_logs(
        self, queries: _Queries, block: Block, place: torch.Tensor, logs: torch.Tensor
    ) -> None:
        """Write a block of weights' logarithms, and on the way what position adds; both 'q j'.

        They may be the same memory.
        """
        planes, keys = block
        if self._bias is not None:
            self._bias.put(0, queries.chosen, planes, place.numpy())
        beta = 0 if self._bias is None else 1
        torch.addmm(place, queries.factors, self._keys[:, keys], beta=beta, out=logs)

    def _queries_of(self, queries: Chosen) -> _Queries:
        held = self.held
        q = held.q[self.item, self.head, queries] * (held.scale * BITS)
        less = held.logsumexp[self.item, self.head, queries, None] * -BITS
        return _Queries(queries, torch.cat([q, less], dim=1))

    @cached_property
    def _bias(self) -> OffsetBias | None:
        """What position adds in this head, in bits."""
        bias = self.held.bias
        if not isinstance(bias, OffsetBias):
            return None
        return OffsetBias(bias.surface[self.head, None] * BITS, bias.dimensions)

    @cached_property
    def _keys(self) -> torch.Tensor:
        """Keys one after the other, and what log-sum-exp is taken times: 'd+1 j'."""
        k = self.held.k[self.item, self.head].mT
        return torch.cat([k, torch.ones(1, k.shape[1], device=HOST)])

    def _blocks(self) -> Iterator[Block]:
        """Keys in runs of whole planes of the grid."""
        bias, keys = self._bias, self.held.shape[3]
        planes = keys if bias is None else bias.dimensions[0]
        each = keys // planes
        step = max(1, KEYS // each)
        for at in range(0, planes, step):
            end = min(at + step, planes)
            yield slice(at, end), slice(at * each, end * each)

    def _taken(self, name: str, numbers: int) -> torch.Tensor:
        mine = self._memory.__dict__
        if name not in mine or len(mine[name]) < numbers:
            mine[name] = torch.empty(numbers, device=HOST)
        taken: torch.Tensor = mine[name][:numbers]
        return taken


class _Sums:
    """Adds up `RowSums`, block by block; the logarithms are overwritten.

    They are taken off their mean over the first block: near enough to that of the row that little
    is lost of squares and products in 32 bits.
    """

    def __init__(self, rows: int) -> None:
        self._keys = 0
        self._first = torch.zeros(rows, 1, device=HOST)
        self._sums = np.zeros((5, rows))

    def add(self, weights: torch.Tensor, logs: torch.Tensor, place: torch.Tensor) -> None:
        """Of some more keys: 'q j' each."""
        weighted = _products(weights, logs)
        if not self._keys:
            self._first = logs.mean(dim=1, keepdim=True)
        logs -= self._first
        self._keys += logs.shape[1]
        sums = logs.sum(dim=1).numpy(), place.sum(dim=1).numpy()
        self._sums += (weighted, *sums, _products(logs, logs), _products(logs, place))

    @property
    def found(self) -> RowSums:
        """Of all keys so far."""
        weighted, logs, place, squares, products = self._sums
        with np.errstate(invalid="ignore", over="ignore"):  # of rows that are no distribution
            spread = squares - logs * logs / self._keys
            together = products - logs * place / self._keys
        return RowSums(weighted_logs=weighted, spread=spread, together=together)


def _cell_sums(block: torch.Tensor, tall: int, out: torch.Tensor) -> None:
    """Sums of 'q j' over cells of so many rows, of which the last may be of fewer: 'y j'."""
    whole, keys = len(block) // tall, block.shape[1]
    if whole:
        torch.sum(block[: whole * tall].view(whole, tall, keys), dim=1, out=out[:whole])
    if whole < len(out):
        torch.sum(block[whole * tall :], dim=0, out=out[whole])


def _products(one: torch.Tensor, other: torch.Tensor) -> np.ndarray:
    """Scalar products of rows 'q j': 'q' float32."""
    found: np.ndarray = np.einsum("qj,qj->q", one.numpy(), other.numpy())
    return found


def stream_of(held: AttentionMap, item: int, head: int) -> RowStream | None:
    """A stream of one head's rows; None of a map of which more has to be done.

    There are streams of weights that are exp(q·k + bias by offset − log-sum-exp), in float32 on the
    host: nothing is masked, causal or rounded.
    """
    if not isinstance(held, FactoredMap) or held.device.type != "cpu" or held.nulls:
        return None
    plain = held.slopes is None and not held.added.visibility.hides and held.precision == EXACT
    formats = {held.q.dtype, held.k.dtype, held.logsumexp.dtype}
    if not plain or formats != {torch.float32} or isinstance(held.bias, torch.Tensor):
        return None
    return RowStream(held, item, head)
