"""Where colours should end: most weights of a map are tiny, and one outlier would make it black."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.rows import wrong_among
from phenaki_viz.recording import HeadMap

PERCENTILE = 99.5  # of what is shown: one weight in two hundred lies above it
MOST_WEIGHTS = 2**22  # read for a percentile, of all heads together; more change its third digit
LEAST_ROWS = 16  # of each head, however many heads there are
RUN = 2**18  # weights between two steps of the work


@dataclass(frozen=True, kw_only=True)
class WeightRange:
    """top: the 99.5th percentile of visible weights. most: the largest. rows, of: how many rows of
    the maps were read, evenly spaced, and how many there are.
    """

    top: float
    most: float
    rows: int
    of: int

    @property
    def sampled(self) -> str:
        """What was left out, in words; empty when nothing was."""
        return f"{self.rows:,} of {self.of:,} rows" if self.rows < self.of else ""


def drawn_range(*pictures: np.ndarray) -> tuple[float, float]:
    """The 99.5th percentile and the largest of what a picture draws, or several with one scale.

    NaN and infinities are not drawn. 0 and 0 where nothing is.
    """
    drawn = [values[np.isfinite(values)] for values in pictures]
    finite = drawn[0] if len(drawn) == 1 else np.concatenate(drawn)
    if not finite.size:
        return 0.0, 0.0
    return float(np.percentile(finite, PERCENTILE)), float(finite.max())


def drawn_ranges(maps: np.ndarray) -> list[tuple[float, float]]:
    """`drawn_range` of each of the maps 'n y x', all at once where they hide the same cells."""
    flat = maps.reshape(len(maps), -1)
    finite = np.isfinite(flat)
    if not finite.any() or (finite != finite[:1]).any():
        return [drawn_range(one) for one in flat]
    drawn = flat[:, finite[0]]
    tops = np.percentile(drawn, PERCENTILE, axis=1)
    return list(zip(tops.tolist(), drawn.max(axis=1).tolist(), strict=True))


@incremental
def weight_range(heads: Sequence[HeadMap], of_uniform: bool = False) -> Incremental[WeightRange]:
    """The range of all visible weights of one head or several, of sound rows.

    of_uniform: of their multiples of what a query that does not choose gives each key.
    Several heads share the rows that may be read. A percentile is of all weights together: ranges
    do not merge.
    """
    found: list[np.ndarray] = []
    read = 0
    for at, head in enumerate(heads):
        for rows in _runs(head, len(heads)):
            attn = head.rows(rows.tolist())
            wrong = wrong_among(head, rows.tolist())
            keys = head.visible_keys[rows]
            sound = ~np.isin(rows, wrong) & (keys > 0)
            if of_uniform:
                attn = attn * keys[:, None]
            found.append(attn[head.visible(rows) & sound[:, None]])
            read += len(rows)
            yield (at + 1) / len(heads)
    weights = np.concatenate(found) if found else np.zeros(0, np.float32)
    top, most = drawn_range(weights)
    total = sum(head.shape[0] for head in heads)
    return WeightRange(top=top, most=most, rows=read, of=total)


def _runs(head: HeadMap, heads: int) -> Iterator[np.ndarray]:
    """Rows of a map to read, evenly spaced, in runs. heads: how many share what may be read."""
    i, j = head.shape
    count = min(i, max(LEAST_ROWS, MOST_WEIGHTS // (j * heads)))
    rows = np.unique(np.linspace(0, i - 1, count).round().astype(np.int64))
    return iter(np.array_split(rows, max(1, len(rows) * j // RUN)))
