"""Rows of a map by parts one run after the other, in memory that is taken once and used again.

To take new memory for each step costs as much as the step: the system zeroes every page of it. So
a reader of a whole head keeps a few arrays. Rows are made in blocks of some keys that stay in a
core's own cache through every step: bias less log-sum-exp, then queries times keys onto it, then 2
to the power of that. Logarithms are to base 2: what is taken of them is in bits, and 2ˣ takes half
the time of eˣ.
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
from phenaki_viz.recording.parts import PartsMap

KEYS = 1024  # of a block
APART = 16  # numbers between rows: else one key of all rows has one place in the cache
BITS = math.log2(math.e)  # of a natural unit
Block = tuple[slice, slice]  # of places along the grid's first axis, and the keys that are there


@dataclass(eq=False)
class RowSums:
    """What is summed over the keys of each row while its logarithms are in cache: 'q' float64.

    weighted_logs: weights times their logarithms to base 2. spread: squares of what these are off
    their mean. together: the same times what position adds, in natural units, off its mean; without
    meaning where no table of offsets was added.
    """

    weighted_logs: np.ndarray
    spread: np.ndarray
    together: np.ndarray

    def of_rows(self, some: slice) -> "RowSums":
        """Those of some of the rows, counted in these."""
        return RowSums(self.weighted_logs[some], self.spread[some], self.together[some])


@dataclass(eq=False)
class RowStream:
    """Whole rows of one head of a map, a run at a time; see `stream_of`.

    Several threads may read at once: each has memory of its own.
    """

    held: PartsMap
    item: int
    head: int
    _memory: threading.local = field(default_factory=threading.local)

    def read(self, first: int, end: int, *, sums: bool = True) -> tuple[np.ndarray, RowSums | None]:
        """Rows 'q j' float32 of these queries, until this thread reads again; and their sums.

        sums: whether these are wanted.
        """
        rows, keys = end - first, self.held.shape[3]
        weights = self._taken("weights", rows * (keys + APART)).view(rows, -1)[:, :keys]
        masses, taken = torch.zeros(rows), _Sums(rows)
        with torch.inference_mode(), without_autocast(self.held.device):
            for planes, some in self._blocks():
                logs = self._taken("logs", rows * (some.stop - some.start)).view(rows, -1)
                place = self._taken("place", logs.numel()).view(rows, -1) if sums else logs
                self._make_logs(first, (planes, some), place, logs)
                block = torch.exp2(logs, out=weights[:, some])
                masses += block.sum(dim=1)
                if sums:
                    taken.add(block.numpy(), logs.numpy(), place.numpy())
        self.held.note(self.item, self.head, slice(first, end), masses)
        return weights.numpy(), taken.found if sums else None

    def pooled(self, first: int, end: int, cell: tuple[int, int]) -> np.ndarray:
        """Means over blocks of `cell` of these queries' rows, 'y x' float32; see `maps.pool`.

        Nothing as large as the rows is held.
        """
        rows, high = end - first, -(-(end - first) // cell[0])
        masses, cells = torch.zeros(rows), self._taken("cells", high * self.held.shape[3])
        cells = cells.view(high, -1)
        with torch.inference_mode(), without_autocast(self.held.device):
            for planes, keys in self._blocks():
                block = self._taken("block", rows * (keys.stop - keys.start)).view(rows, -1)
                self._make_logs(first, (planes, keys), block, block)
                masses += torch.exp2(block, out=block).sum(dim=1)
                for at in range(high):
                    some = block[at * cell[0] : (at + 1) * cell[0]]
                    torch.sum(some, dim=0, out=cells[at, keys])
        self.held.note(self.item, self.head, slice(first, end), masses)
        return mean_cells(cells.numpy(), rows, cell)

    def _make_logs(self, first: int, block: Block, place: torch.Tensor, logs: torch.Tensor) -> None:
        """Write a block of weights' logarithms, and on the way what position adds; both 'q j'.

        They may be the same memory.
        """
        held, (planes, keys) = self.held, block
        queries = slice(first, first + len(logs))
        less = held.logsumexp[self.item, self.head, queries]
        if isinstance(held.bias, OffsetBias):
            held.bias.put_rows(self.head, first, less.numpy(), planes, out=place.numpy())
        else:
            place.copy_(-less[:, None].expand_as(place))
        q = held.q[self.item, self.head, queries]
        torch.addmm(place, q, self._keys[:, keys], beta=BITS, alpha=BITS * held.scale, out=logs)

    @cached_property
    def _keys(self) -> torch.Tensor:
        """'d j', one after the other."""
        return self.held.k[self.item, self.head].mT.contiguous()

    def _blocks(self) -> Iterator[Block]:
        """Keys in runs of whole planes of the grid."""
        bias, keys = self.held.bias, self.held.shape[3]
        planes = bias.dimensions[0] if isinstance(bias, OffsetBias) else keys
        each = keys // planes
        step = max(1, KEYS // each)
        for at in range(0, planes, step):
            end = min(at + step, planes)
            yield slice(at, end), slice(at * each, end * each)

    def _taken(self, name: str, numbers: int) -> torch.Tensor:
        mine = self._memory.__dict__
        if name not in mine or len(mine[name]) < numbers:
            mine[name] = torch.empty(numbers)
        taken: torch.Tensor = mine[name][:numbers]
        return taken


class _Sums:
    """Adds up `RowSums`, block by block; logarithms and position are overwritten.

    Both are taken off their means over the first block: near enough to those of the row that
    little is lost of squares and products in 32 bits.
    """

    def __init__(self, rows: int) -> None:
        self._keys = 0
        self._first = np.zeros((2, rows, 1), np.float32)
        self._sums = np.zeros((5, rows))

    def add(self, weights: np.ndarray, logs: np.ndarray, place: np.ndarray) -> None:
        """Of some more keys: 'q j' each."""
        weighted = np.einsum("qj,qj->q", weights, logs)
        if not self._keys:
            self._first = np.stack([logs.mean(axis=1), place.mean(axis=1)])[:, :, None]
        logs -= self._first[0]
        place -= self._first[1]
        self._keys += logs.shape[1]
        self._sums += (
            weighted,
            np.einsum("qj->q", logs),
            np.einsum("qj->q", place),
            np.einsum("qj,qj->q", logs, logs),
            np.einsum("qj,qj->q", logs, place),
        )

    @property
    def found(self) -> RowSums:
        """Of all keys so far."""
        weighted, logs, place, squares, products = self._sums
        return RowSums(
            weighted_logs=weighted,
            spread=squares - logs * logs / self._keys,
            together=products - logs * place / self._keys,
        )


def stream_of(held: AttentionMap, item: int, head: int) -> RowStream | None:
    """A stream of one head's rows; None of a map of which more has to be done.

    There are streams of weights that are exp(q·k + bias by offset − log-sum-exp), in float32 on the
    host: nothing is masked, causal or rounded.
    """
    if not isinstance(held, PartsMap) or held.device.type != "cpu" or held.nulls:
        return None
    plain = held.slopes is None and not held.added.visibility.hides and held.precision == EXACT
    formats = {held.q.dtype, held.k.dtype, held.logsumexp.dtype}
    if not plain or formats != {torch.float32} or isinstance(held.bias, torch.Tensor):
        return None
    return RowStream(held, item, head)
