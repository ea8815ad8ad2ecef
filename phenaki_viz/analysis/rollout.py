"""Attention rollout: where a query's information came from, if attention were all there is.

It is an approximation, and is named so wherever it is shown: see `REASON`.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import RUN
from phenaki_viz.errors import RecordingError
from phenaki_viz.recording import AttentionRecord

REASON = (
    "approximate: each layer is taken as half the token itself and half the mean of its heads' "
    "attention; what values, PEG, feed-forward and norms do is left out"
)


@incremental
def rollout(
    records: Sequence[AttentionRecord], items: Sequence[int], queries: Sequence[int] | None = None
) -> Incremental[np.ndarray]:
    """Where queries of the last layer's output come from: 'q j' float32, rows sum to 1.

    The product of ½ A + ½ I over the layers, A being the mean of a layer's heads. Null keys come
    first in j; what is read there stays there. records: the self-attention of every layer, the
    first layer first; items: the batch item of each. queries: which rows, None for all. Maps are
    read in runs of rows, so memory grows with q · j, not with i · j. Raises RecordingError for
    maps that cannot be multiplied, or rows that are no distribution.
    Source: Abnar and Zuidema 2020, Quantifying Attention Flow in Transformers, section 3.
    """
    _check(records, items)
    i, nulls = records[0].map.shape[2], records[0].num_null_kv
    chosen = np.arange(i) if queries is None else np.asarray(queries, np.int64)
    at = np.eye(i)[chosen] if queries is None else _one_hot(chosen, i)
    gone = np.zeros((len(chosen), nulls))
    for done, (record, item) in enumerate(reversed(list(zip(records, items, strict=True)))):
        read = np.zeros((len(chosen), nulls + i))
        for first, attn in _mean_rows(record, item):
            read += at[:, first : first + len(attn)] @ attn
            yield (done + (first + len(attn)) / i) / len(records)
        gone += read[:, :nulls] / 2
        at = (at + read[:, nulls:]) / 2
    return np.concatenate((gone, at), axis=1).astype(np.float32)


def _one_hot(queries: np.ndarray, tokens: int) -> np.ndarray:
    if queries.size and not 0 <= queries.min() <= queries.max() < tokens:
        raise RecordingError(f"queries are counted 0 to {tokens - 1}, got {queries.tolist()}")
    found = np.zeros((len(queries), tokens))
    found[np.arange(len(queries)), queries] = 1
    return found


def _mean_rows(record: AttentionRecord, item: int) -> Iterator[tuple[int, np.ndarray]]:
    """First query and rows 'run j' float64 of the heads' mean, run by run."""
    _, heads, i, j = record.map.shape
    step = max(1, RUN // j)
    for first in range(0, i, step):
        rows = (first, min(first + step, i))
        total = np.zeros((rows[1] - first, j))
        for head in range(heads):
            total += record.map.tile(item, head, rows, (0, j))  # first: it sums its rows as well
            if len(record.map.wrong_rows(item, head, rows)):
                raise RecordingError(f"{record.module}: some rows of its maps are no distribution")
        yield first, total / total.sum(axis=1, keepdims=True)  # a half-precision row rounds its sum


def _check(records: Sequence[AttentionRecord], items: Sequence[int]) -> None:
    if not records or len(records) != len(items):
        raise RecordingError(f"{len(records)} layers and {len(items)} batch items: give one each")
    first = records[0]
    for record in records:
        _, _, i, j = record.map.shape
        square = record.kind == "self" and j == i + record.num_null_kv
        alike = (i, j) == first.map.shape[2:] and record.places == first.places
        if not square or not alike:
            raise RecordingError(
                f"{record.module}: rollout multiplies maps of self-attention over the same tokens; "
                f"this one has {i} queries and {j} keys"
            )
