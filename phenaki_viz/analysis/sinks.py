"""Attention sinks: keys that nearly every query reads, whatever it asks."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.measures import row_runs
from phenaki_viz.analysis.rows import uniform_weight
from phenaki_viz.analysis.steps import Steps, finish
from phenaki_viz.recording import AttentionRecord

SHARE = 0.3
LEAST, MOST = 3, 10  # multiples of uniform
SEEN_BY = 0.5
DEFINITION = (
    f"a key that at least {SEEN_BY:.0%} of the queries may see, and whose mean weight over them "
    f"is above {SHARE}, this threshold taken as at least {LEAST} × and at most {MOST} × uniform "
    "(mean weight of a column: Gu et al. 2024, When Attention Sink Emerges in Language Models, "
    "section 3)"
)


@dataclass(frozen=True)
class Sinks:
    """keys: columns that are sinks, nulls counted. score: 'j', mean weight over the queries that
    may see the key; threshold: 'j', what it is held against; NaN where no query sees the key.
    """

    keys: tuple[int, ...]
    score: np.ndarray
    threshold: np.ndarray


def sink_keys(record: AttentionRecord, item: int, head: int) -> Sinks:
    """The sinks of one head, read in runs of rows. Rows that are no distribution do not count."""
    return finish(sink_steps(record, item, head))


def sink_steps(record: AttentionRecord, item: int, head: int) -> Steps[Sinks]:
    """The same in steps, each of a run of rows."""
    _, _, i, j = record.map.shape
    total, even, seen_by = np.zeros(j), np.zeros(j), np.zeros(j)
    uniform = uniform_weight(record.visible_keys(item)).astype(np.float64)
    good = 0
    for first, attn in row_runs(record, item, head):
        wrong = record.map.wrong_rows(item, head, (first, first + len(attn)))
        rows = np.setdiff1d(np.arange(first, first + len(attn)), wrong)
        if not rows.size:
            continue
        seen = ~record.hidden(item, (first, first + len(attn)), (0, j))[rows - first]
        total += np.where(seen, attn[rows - first], 0).sum(axis=0, dtype=np.float64)
        even += np.where(seen, uniform[rows, None], 0).sum(axis=0)
        seen_by += seen.sum(axis=0)
        good += len(rows)
        yield (first + len(attn)) / i
    score, mean_uniform = _over(total, seen_by), _over(even, seen_by)
    threshold = np.clip(SHARE, LEAST * mean_uniform, MOST * mean_uniform)
    with np.errstate(invalid="ignore"):
        found = (score > threshold) & (seen_by >= SEEN_BY * good)
    return Sinks(tuple(int(key) for key in np.flatnonzero(found)), score, threshold)


def _over(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
