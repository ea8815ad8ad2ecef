"""Rows of a map by parts one run after the other, in memory that is taken once and used again.

A run of a long map is as large as a cache, and to take new memory for each of its steps costs as
much as the steps: the system zeroes every page of it. So a reader of a whole head keeps a few
arrays, and products, bias, logarithms and weights of every run are written there.
"""

from dataclasses import dataclass, field

import numpy as np
import torch

from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import EXACT, without_autocast
from phenaki_viz.recording.maps import AttentionMap, on_host
from phenaki_viz.recording.parts import PartsMap
from phenaki_viz.recording.terms import Product, Terms

AT_ONCE = 2**20  # weights that are made at a time: 4 MiB, which a core's cache nearly holds


@dataclass(eq=False)
class RowStream:
    """Whole rows of one head of a map, a run at a time; see `stream_of`.

    What `read` returns is true until it is called again. terms: whether what the rows are made of
    is wanted as well.
    """

    held: PartsMap
    item: int
    head: int
    terms: bool = False
    _memory: dict[str, torch.Tensor] = field(default_factory=dict)

    def read(self, first: int, end: int) -> tuple[np.ndarray, np.ndarray, Terms | None]:
        """Rows 'q j' float32 of these queries, their logarithms, and what they are made of."""
        with torch.inference_mode(), without_autocast(self.held.device):
            weights, logs = self._taken("weights", end - first), self._taken("logs", end - first)
            step = max(1, AT_ONCE // self.held.shape[3])
            for at in range(0, end - first, step):
                some = slice(at, min(at + step, end - first))
                self._make_logs(slice(first + some.start, first + some.stop), some, logs[:, some])
                torch.exp(logs[:, some], out=weights[:, some])
            self.held.note_sums(self.item, self.head, slice(first, end), weights[0])
        terms = self._terms(first, end) if self.terms else None
        return weights[0].numpy(), logs[0].numpy(), terms

    def _make_logs(self, queries: slice, some: slice, logs: torch.Tensor) -> None:
        """Write the logarithms of some queries' weights, 'one q j', as `PartsMap` makes them."""
        held, heads = self.held, slice(self.head, self.head + 1)
        content = self._taken("content", some.stop)[:, some] if self.terms else logs
        torch.bmm(held.q[self.item, heads, queries], held.k[self.item, heads].mT, out=content)
        if held.scale != 1:
            content.mul_(held.scale)
        if isinstance(held.bias, OffsetBias):
            of = some if self.terms else slice(0, some.stop - some.start)
            place = self._taken("position", of.stop)[:, of]
            bias = held.bias.rows(queries.start, queries.stop, heads, out=place)
            if self.terms and bias.data_ptr() != place.data_ptr():  # it was at hand
                place.copy_(bias)
            torch.add(content, bias, out=logs)
        elif self.terms:
            logs.copy_(content)
        logs.sub_(held.logsumexp[self.item, heads, queries, None])

    def _terms(self, first: int, end: int) -> Terms:
        held, rows = self.held, end - first
        q, k = held.q[self.item, self.head, first:end], held.k[self.item, self.head]
        content = self._taken("content", rows)[0].numpy()
        has_position = isinstance(held.bias, OffsetBias)
        return Terms(
            content=Product(values=content, q=on_host(q * held.scale), k=on_host(k)),
            position=self._taken("position", rows)[0].numpy() if has_position else None,
            alibi=None,
            dense=None,
            hidden=np.broadcast_to(np.False_, content.shape),
            logsumexp=on_host(held.logsumexp[self.item, self.head, first:end]),
            blind=np.zeros(rows, bool),
            keys=held.shape[3],
        )

    def _taken(self, name: str, rows: int) -> torch.Tensor:
        """Memory for so many rows, 'one q j' float32: what was taken before, if it is enough."""
        there = self._memory.get(name)
        if there is None or there.shape[1] < rows:
            there = torch.empty((1, rows, self.held.shape[3]))
            if name in self._memory:
                there[:, : self._memory[name].shape[1]] = self._memory[name]
            self._memory[name] = there
        return there[:, :rows]


def stream_of(held: AttentionMap, item: int, head: int, *, terms: bool) -> RowStream | None:
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
    return RowStream(held, item, head, terms)
