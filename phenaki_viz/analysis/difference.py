"""Two maps laid on each other: B − A of their cells, and how far every head's rows moved.

A and B are two recordings of the same tokens: two prompts, clips, checkpoints, steps, seeds. Maps
are read in runs of rows, so that those of any length can be compared without being held.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.cells import Cells
from phenaki_viz.analysis.divergence import is_distribution, row_distances
from phenaki_viz.analysis.incremental import Incremental, incremental, within
from phenaki_viz.analysis.laid import Laid, shared_items
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.errors import RecordingError, ShapeError
from phenaki_viz.recording import AttentionRecord, HeadMap
from phenaki_viz.recording.records import Kind

RUN = 2**20  # weights of a head that are read at a time
LONG, MOST_QUERIES = 1024, 512  # of a map with more queries than LONG, so many evenly spaced
MOST_ITEMS = 64  # batch items of one video, evenly spaced ones


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadDistance:
    """How far one head's rows moved from A to B. head: its original number.

    distances: Jensen–Shannon distance of each query's two rows, 0 to 1. farthest: the query whose
    rows are farthest apart (batch item, query), and how far; None where no row counts.
    """

    module: str
    stack: str
    kind: Kind
    layer: int
    use: int
    head: int
    distances: Tally
    farthest: tuple[int, int] | None
    most: float

    @property
    def mean(self) -> float:
        """Over the queries; NaN of none."""
        return float(self.distances.mean)

    @property
    def spread(self) -> float:
        """Standard deviation over the queries."""
        return float(self.distances.spread)

    @property
    def queries(self) -> int:
        """How many queries the mean is over: whose rows are distributions in A and in B, and that
        see a key in both.
        """
        return int(self.distances.count)


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadDistances:
    """Every head that two stacks share, layer by layer. read: queries looked at, of so many."""

    rows: tuple[HeadDistance, ...]
    read: int
    of: int

    @property
    def moved_most(self) -> HeadDistance | None:
        """The head with the largest mean; None where no head has one."""
        known = [row for row in self.rows if np.isfinite(row.mean)]
        return max(known, key=lambda row: row.mean, default=None)

    @property
    def median(self) -> float:
        """Of the heads' means; NaN of none."""
        means = [row.mean for row in self.rows if np.isfinite(row.mean)]
        return float(np.median(means)) if means else float("nan")

    @property
    def sampled(self) -> str:
        """Over which queries, in words."""
        if self.read < self.of:
            return f"{self.read:,} of {self.of:,} queries, evenly spaced"
        return f"{self.of:,} queries"

    def grid(self, layers: Sequence[AttentionRecord], heads: Sequence[int]) -> np.ndarray:
        """Means 'l h' float32 in the order of these layers and heads; NaN of those not shared."""
        found = {(row.layer, row.use, row.head): row.mean for row in self.rows}
        return np.array(
            [[found.get((one.layer, one.use, head), np.nan) for head in heads] for one in layers],
            np.float32,
        ).reshape(len(layers), len(heads))


@dataclass(frozen=True, eq=False, kw_only=True)
class LaidMaps:
    """Two heads' maps and B − A, each 'y x' float32; cells: what one value stands for.

    NaN is masked (of the difference: in either), infinite belongs to a row that is no distribution.
    """

    one: np.ndarray
    other: np.ndarray
    difference: np.ndarray
    cells: Cells


@incremental
def head_distances(
    laid: Laid, *, video: int = 0, most: int | None = None
) -> Incremental[HeadDistances]:
    """How far every head of two stacks moved. most: queries of a map; None is all up to LONG.

    video: of a batch, counted from 0. A step is a run of rows of one head. Raises RecordingError
    with the reasons where the maps cannot be laid on each other.
    """
    if not laid.can:
        raise RecordingError(". ".join(laid.reasons))
    rows: list[HeadDistance] = []
    heads, read, of = laid.heads, 0, 0
    total = len(laid.pairs) * len(heads)
    for at, pair in enumerate(laid.pairs):
        there = _items(*pair, video)
        items = _some(there)
        queries = _spaced(pair[0].map.shape[2], most)
        read, of = len(queries) * len(items), pair[0].map.shape[2] * len(there)
        for number, head in enumerate(heads):
            done = at * len(heads) + number
            steps = _distances(pair, items, head, queries)
            rows.append((yield from within(steps, done / total, (done + 1) / total)))
    return HeadDistances(rows=tuple(rows), read=read, of=of)


def _distances(
    pair: tuple[AttentionRecord, AttentionRecord],
    items: Sequence[tuple[int, int]],
    head: int,
    queries: np.ndarray,
) -> Incremental[HeadDistance]:
    """One head, a run of rows at a time."""
    tally, most, farthest = Tally.empty(), float("nan"), None
    runs = np.array_split(queries, max(1, len(queries) * pair[0].map.shape[3] // RUN))
    for at, item in enumerate(items):
        one, other = maps_of(pair, item, head)
        for done, run in enumerate(runs):
            found = row_distances(one, other, run.tolist())
            known = np.isfinite(found)
            tally = tally.merge(Tally.of(found, known))
            if known.any() and not np.nanmax(found) <= most:  # nothing is more than NaN
                most = float(np.nanmax(found))
                farthest = pair[0].batch_items[item[0]], int(run[np.nanargmax(found)])
            yield (at + (done + 1) / len(runs)) / len(items)
    record = pair[0]
    return HeadDistance(
        module=record.module, stack=record.stack, kind=record.kind, layer=record.layer,
        use=record.use, head=head, distances=tally, farthest=farthest, most=most,
    )  # fmt: skip


def maps_of(
    pair: tuple[AttentionRecord, AttentionRecord], item: tuple[int, int], head: int
) -> tuple[HeadMap, HeadMap]:
    """A's and B's map of one head by its original number. item: positions in A and in B."""
    one, other = (
        HeadMap(record, at, record.heads.index(head)) for record, at in zip(pair, item, strict=True)
    )
    return one, other


def _items(one: AttentionRecord, other: AttentionRecord, video: int) -> list[tuple[int, int]]:
    """Batch items of one video that both recorded."""
    each = one.places.items_per_video
    there = [at for at in shared_items(one, other) if one.batch_items[at[0]] // each == video]
    if not there:
        raise RecordingError(f"{one.module}: no batch item of video {video} is in both recordings")
    return there


def _some(there: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Evenly spaced ones of many."""
    spaced = np.linspace(0, len(there) - 1, min(len(there), MOST_ITEMS)).round().astype(int)
    return [there[at] for at in np.unique(spaced)]


def _spaced(queries: int, most: int | None) -> np.ndarray:
    """Queries to look at: all, or evenly spaced ones."""
    if most is None:
        most = queries if queries <= LONG else MOST_QUERIES
    count = min(queries, max(1, most))
    return np.unique(np.linspace(0, queries - 1, count).round().astype(np.int64))


def row_difference(one: HeadMap, other: HeadMap, queries: Sequence[int]) -> np.ndarray:
    """B − A of whole rows, 'q j' float32; NaN where a key is hidden in either, or a row is wrong.

    Raises ShapeError for maps of different sizes.
    """
    _check(one, other)
    a, b = one.rows(queries), other.rows(queries)
    known = (is_distribution(a) & is_distribution(b))[:, None]
    seen = one.visible(queries) & other.visible(queries)
    with np.errstate(invalid="ignore"):
        return np.where(known & seen, b - a, np.nan).astype(np.float32)


@incremental
def laid_maps(
    one: HeadMap, other: HeadMap, most: int, *, hidden_is_zero: bool = False
) -> Incremental[LaidMaps]:
    """A's map, B's and B − A, each of at most `most` × `most` values, see `Cells`.

    hidden_is_zero: what one of them hides counts as no weight in the difference, so that what a cut
    took away is seen; the difference is masked where both hide. Raises ShapeError for maps of
    different sizes.
    """
    _check(one, other)
    cells = Cells.of(one, most)
    runs: tuple[list[np.ndarray], ...] = ([], [], [])
    for share, queries in cells.runs():
        drawn = _drawn(one, queries), _drawn(other, queries)
        between = _between(*(_hidden_as_zero(*drawn) if hidden_is_zero else drawn))
        for kept, values in zip(runs, (*drawn, between), strict=True):
            kept.append(cells.pooled(values, np.isnan(values)))
        yield share
    a, b, apart = (np.concatenate(each) for each in runs)
    return LaidMaps(one=a, other=b, difference=apart, cells=cells)


def _drawn(head: HeadMap, queries: Sequence[int]) -> np.ndarray:
    """Rows 'q j': NaN where hidden, infinite where the row is no distribution."""
    rows = head.rows(queries)
    marked = np.where(is_distribution(rows)[:, None], rows, np.inf)
    return np.where(head.visible(queries), marked, np.nan).astype(np.float32)


def _hidden_as_zero(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both, with 0 where one of them alone is hidden."""
    hidden = np.isnan(one), np.isnan(other)
    return np.where(hidden[0] & ~hidden[1], 0, one), np.where(hidden[1] & ~hidden[0], 0, other)


def _between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """B − A of what is drawn; infinite where either row is wrong."""
    with np.errstate(invalid="ignore"):
        apart = other - one
    return np.where(np.isinf(one) | np.isinf(other), np.inf, apart).astype(np.float32)


def _check(one: HeadMap, other: HeadMap) -> None:
    if one.shape != other.shape:
        raise ShapeError(
            f"maps of {one.shape[0]} × {one.shape[1]} and {other.shape[0]} × {other.shape[1]} "
            "weights cannot be subtracted"
        )
