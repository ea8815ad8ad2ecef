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
class RowStream:
    """Whole rows of one head of a map, a run at a time; see `stream_of`.

    Several threads may read at once: each has memory of its own.
    """

    held: PartsMap
    item: int
    head: int
    _memory: threading.local = field(default_factory=threading.local)

    def read(
        self, first: int, end: int, *, position: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Rows 'q j' float32 of these queries, their logarithms to base 2, and what position adds.

        position: whether that is wanted: in natural units, up to a constant of each row; None of a
        map without a table of offsets. All are true until this is called again.
        """
        weights, logs = self._rows("weights", end - first), self._rows("logs", end - first)
        place = self._rows("position", end - first) if position else logs
        sums = torch.zeros(end - first)
        with torch.inference_mode(), without_autocast(self.held.device):
            for planes, keys in self._blocks():
                self._make_logs(first, (planes, keys), place[:, keys], logs[:, keys])
                sums += torch.exp2(logs[:, keys], out=weights[:, keys]).sum(dim=1)
        self.held.note(self.item, self.head, slice(first, end), sums)
        has_place = position and self.held.bias is not None
        return weights.numpy(), logs.numpy(), place.numpy() if has_place else None

    def pooled(self, first: int, end: int, cell: tuple[int, int]) -> np.ndarray:
        """Means over blocks of `cell` of these queries' rows, 'y x' float32; see `maps.pool`.

        Nothing as large as the rows is held.
        """
        rows, high = end - first, -(-(end - first) // cell[0])
        sums, cells = torch.zeros(rows), self._taken("cells", high * self.held.shape[3])
        cells = cells.view(high, -1)
        with torch.inference_mode(), without_autocast(self.held.device):
            for planes, keys in self._blocks():
                block = self._taken("block", rows * (keys.stop - keys.start)).view(rows, -1)
                self._make_logs(first, (planes, keys), block, block)
                sums += torch.exp2(block, out=block).sum(dim=1)
                for at in range(high):
                    some = block[at * cell[0] : (at + 1) * cell[0]]
                    torch.sum(some, dim=0, out=cells[at, keys])
        self.held.note(self.item, self.head, slice(first, end), sums)
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

    def _rows(self, name: str, rows: int) -> torch.Tensor:
        """Memory for so many rows, 'q j' float32: what was taken before, if it is enough."""
        keys = self.held.shape[3]
        return self._taken(name, rows * (keys + APART)).view(rows, -1)[:, :keys]

    def _taken(self, name: str, numbers: int) -> torch.Tensor:
        mine = self._memory.__dict__
        if name not in mine or len(mine[name]) < numbers:
            mine[name] = torch.empty(numbers)
        taken: torch.Tensor = mine[name][:numbers]
        return taken


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
