"""The ledger of attention weights: the terms that a head's logits are made of, cell by cell.

    logit(i, j)  = content + position + ALiBi + dense bias        −∞ where a mask hides the key
    weight(i, j) = exp(logit(i, j) − log-sum-exp of row i)

`terms_of` gives them for any rectangle of any map, dense or factored. Content is exact
(`Product`) where queries and keys were kept; of a dense map without them it is what the other
terms leave of the logarithm of the weights (`Remainder`), and says so by its type.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.added import Added, indices
from phenaki_viz.recording.maps import Span, check_item, check_span, chosen_of, on_host
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.records import AttentionRecord
from phenaki_viz.recording.visibility import Some


@dataclass(frozen=True, eq=False, kw_only=True)
class Product:
    """Content that is exact: the scaled product of each query and key.

    values: 'i j' float32. q: 'i d', scale and learned scales in it; k: 'j d'.
    """

    values: np.ndarray
    q: np.ndarray
    k: np.ndarray

    def dimensions(self, row: int) -> np.ndarray:
        """What each of a head's d dimensions gives to one row: 'j d' float32; they sum to it.

        row: counted in this rectangle.
        """
        return self.q[row] * self.k


@dataclass(frozen=True, eq=False, kw_only=True)
class Remainder:
    """Content as far as a dense map tells it: log weight minus the other terms.

    values: 'i j' float32: the content up to one constant a row, which softmax takes away; −inf
    where the weight is 0, NaN where a mask hides the key: nothing is known of it there.
    """

    values: np.ndarray


Content = Product | Remainder


@dataclass(frozen=True, eq=False, kw_only=True)
class Terms:
    """Rectangle 'i j' of one head: what its logits are made of, in their units, float32.

    position: of a table of offsets; alibi; dense: of a bias from elsewhere; each None where the
    call had none. hidden: bool, where a mask hides the key. logsumexp: 'i', over all keys of the
    row; 0 where content is a `Remainder`, and without meaning in a blind row. blind: 'i' bool, rows
    without a visible key, whose weights are alike over all `keys` of the map, as published.
    Models that round to half precision round between the terms: there they sum to the logit within
    that precision.
    """

    content: Content
    position: np.ndarray | None
    alibi: np.ndarray | None
    dense: np.ndarray | None
    hidden: np.ndarray
    logsumexp: np.ndarray
    blind: np.ndarray
    keys: int

    def __iter__(self) -> Iterator[tuple[str, np.ndarray]]:
        """Name and values of every term there is, in the order in which they are added."""
        yield "content", self.content.values
        for name in ("position", "alibi", "dense"):
            values = getattr(self, name)
            if values is not None:
                yield name, values

    @property
    def logit(self) -> np.ndarray:
        """The sum of the terms, −inf where hidden: 'i j' float32."""
        total: np.ndarray = np.sum([values for _, values in self], axis=0)
        return np.where(self.hidden, -np.inf, total).astype(np.float32)

    @property
    def weights(self) -> np.ndarray:
        """The weights that the terms make: 'i j' float32."""
        made = np.exp(self.logit - np.where(self.blind, 0, self.logsumexp)[:, None])
        return np.where(self.blind[:, None], 1 / self.keys, made).astype(np.float32)


def terms_of(
    record: AttentionRecord,
    item: int,
    head: int,
    queries: Sequence[int],
    keys: Span | None = None,
) -> Terms:
    """The terms of some rows of one head's map, over a run of keys or over all of them.

    item, head: counted in what was recorded. queries: a `range` is read fastest. Raises
    RecordingError when there is no such item, head, query or key, or when the position bias that
    was added is not at hand.
    """
    span = keys or (0, record.map.shape[3])
    check_item(record.map.shape, item, head)
    if record.heads[head] in record.put_in:
        raise RecordingError(
            f"the map of head {record.heads[head]} of {record.module} was taken from another run: "
            "no term of this one makes it"
        )
    check_span("columns", span, record.map.shape[3])
    rows = _rows(queries, record.map.shape[2])
    if record.position_bias and record.position is None and not isinstance(record.map, FactoredMap):
        raise RecordingError(f"the position bias {record.position_bias!r} is not in this record")
    return _Reader(record, item, slice(head, head + 1), rows, slice(*span)).read()


def _rows(queries: Sequence[int], of: int) -> Some:
    chosen = chosen_of("rows", queries, of)
    if not len(chosen):
        raise RecordingError(f"no rows asked of a map with {of} queries: give one or more")
    if isinstance(queries, range) and queries.step == 1:
        return slice(queries.start, queries.stop)
    return chosen


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads the terms of one rectangle: where a factored map lies, else on the host."""

    record: AttentionRecord
    item: int
    head: slice
    rows: Some
    keys: slice

    def read(self) -> Terms:
        """All of them."""
        held = self.record.map
        if isinstance(held, FactoredMap):
            rows = self._rows(held.device)
            q, k = held.q[self.item, self.head, rows], held.k[self.item, self.head]
            products = held.products(self.item, self.head, rows, self.keys)
            sums = held.logsumexp[self.item, self.head][0, rows]
            content: Content = self._product(q * held.scale, k, products)
            return self._terms(content, held.added, on_host(sums))
        if self.record.queries is None or self.record.keys is None:
            return self._left_over()
        q, k = torch.from_numpy(self.record.queries), torch.from_numpy(self.record.keys)
        return self._of_kept(q, k)

    def _of_kept(self, q: torch.Tensor, k: torch.Tensor) -> Terms:
        """Of a dense map whose queries and keys were kept: 'b h n d'."""
        q, k = q[self.item, self.head, self.rows] * self.record.scale, k[self.item, self.head]
        every = slice(0, self.record.map.shape[3])
        logits = q @ k.mT
        content = self._product(q, k, logits[..., self.keys].clone())
        added = self.record.added
        added.add_alibi(logits, self.head, self.rows, every)
        added.add_bias(logits, self.item, self.head, self.rows, every)
        added.hide(logits, self.item, self.head, self.rows, every)
        return self._terms(content, added, on_host(logits.logsumexp(dim=-1)[0]))

    def _left_over(self) -> Terms:
        """Of a dense map alone."""
        span = self.keys.start, self.keys.stop
        queries = indices(self.rows, torch.device("cpu")).tolist()
        weights = self.record.map.rows(self.item, self.head.start, queries)[:, slice(*span)]
        nothing = np.zeros(len(weights), np.float32)
        others = self._terms(Remainder(values=np.zeros_like(weights)), self.record.added, nothing)
        with np.errstate(divide="ignore"):
            left = np.log(weights) - np.sum([values for _, values in others], axis=0)
        left = np.where(others.hidden, np.nan, left)
        return self._terms(Remainder(values=left), self.record.added, nothing)

    def _product(self, q: torch.Tensor, k: torch.Tensor, values: torch.Tensor) -> Product:
        """q: 'h q d' of these rows, k: 'h j d' of all keys, of the one head; values: 'h q k'."""
        return Product(values=on_host(values[0]), q=on_host(q[0]), k=on_host(k[0, self.keys]))

    def _terms(self, content: Content, added: Added, logsumexp: np.ndarray) -> Terms:
        visibility, device = added.visibility, added.visibility.device
        rows, keys = self._rows(device), self.keys
        query, key = indices(rows, device), indices(keys, device)
        zero = torch.zeros((1, len(query), len(key)), device=device)
        alibi, bias = zero.clone(), zero
        added.add_alibi(alibi, self.head, rows, keys)
        added.add_bias(bias, self.item, self.head, rows, keys)
        of_table = isinstance(added.bias, OffsetBias)
        return Terms(
            content=content,
            position=on_host(bias[0]) if of_table else None,
            alibi=None if added.slopes is None else on_host(alibi[0]),
            dense=None if added.bias is None or of_table else on_host(bias[0]),
            hidden=visibility.hidden(self.item, query, key, self.head.start).cpu().numpy(),
            logsumexp=logsumexp,
            blind=(visibility.counts(self.item)[rows] == 0).cpu().numpy(),
            keys=visibility.keys,
        )

    def _rows(self, device: torch.device) -> Some:
        """The queries as they are read where numbers lie on a device."""
        return self.rows.to(device) if isinstance(self.rows, torch.Tensor) else self.rows
