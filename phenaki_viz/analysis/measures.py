"""Head metrics of whole recordings: sums over queries, by layer and head, that means are taken of.

Maps are read in runs of rows, so that a map of any size is measured without ever being held.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from phenaki_viz.analysis import heads
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.ledger import position_share, position_share_by_sums
from phenaki_viz.analysis.rows import RowReader, Rows
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.errors import ShapeError
from phenaki_viz.numerics.crew import side_by_side
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording import AttentionRecord, HeadMap
from phenaki_viz.recording.maps import Span

PIECE = 2**19  # weights that are measured at a time
ALONE: heads.Grid = (1, 1, 1)
SUMMED = frozenset(("entropy", "position"))  # that are taken from `RowSums` where there are any


@dataclass(frozen=True)
class Measure:
    """A metric of one head. title: in words; unit: of the number.

    of: some rows of the map → a number for each of their queries, 'q' float64, NaN for one that it
    says nothing about, which then does not count. applies: whether it means something for this kind
    of map.
    """

    title: str
    unit: str
    of: Callable[[Rows], np.ndarray]
    applies: Callable[[AttentionRecord], bool]


def _is_self(record: AttentionRecord) -> bool:
    return record.reads_itself


def _runs_in_time(record: AttentionRecord) -> bool:
    return _is_self(record) and _lattice(record)[0] > 1


def _runs_in_space(record: AttentionRecord) -> bool:
    return _is_self(record) and max(_lattice(record)[1:]) > 1


def _lattice(record: AttentionRecord) -> heads.Grid:
    return record.query_axis(0).lattice or ALONE


def _grid(rows: Rows) -> heads.Grid:
    return rows.head.lattice or ALONE


def _nulls(record: AttentionRecord) -> int:
    return record.key_axis(0).nulls


def _entropy(rows: Rows) -> np.ndarray:
    return heads.entropy(rows.attn) if rows.sums is None else 0.0 - rows.sums.weighted_logs


def _position_share(rows: Rows) -> np.ndarray:
    """NaN of a map that was taken from another run: no term of this one makes it."""
    if rows.head.is_put_in:
        return np.full(len(rows), np.nan)
    if rows.sums is None or not isinstance(rows.head.record.added.bias, OffsetBias):
        return position_share(rows.terms)
    return position_share_by_sums(rows.sums, rows.attn.shape[1])


MEASURES: dict[str, Measure] = {
    "entropy": Measure("entropy", "bits", _entropy, lambda record: True),
    "space": Measure(
        "distance in space",
        "patches",
        lambda rows: heads.distance_in_space(rows.attn, _grid(rows), rows.at),
        _runs_in_space,
    ),
    "time": Measure(
        "distance in time",
        "time steps",
        lambda rows: heads.distance_in_time(rows.attn, _grid(rows), rows.at),
        _runs_in_time,
    ),
    "self": Measure(
        "weight on itself", "", lambda rows: heads.self_mass(rows.attn, rows.at), _is_self
    ),
    "null": Measure(
        "null mass",
        "",
        lambda rows: heads.null_mass(rows.attn, _nulls(rows.head.record)),
        lambda record: _nulls(record) > 0,
    ),
    "top": Measure(
        "keys holding 90 %", "keys", lambda rows: heads.top_mass(rows.attn), lambda record: True
    ),
    "position": Measure(
        "share of position",
        "",
        _position_share,
        lambda record: record.knows_places,
    ),
}


@dataclass(frozen=True)
class HeadStatistics:
    """Metrics of every layer and head as sums over queries: those of several clips merge.

    tallies: by metric, each 'l h'. NaN where a head has a row that is not a distribution; queries
    that see no key do not count.
    """

    tallies: Mapping[str, Tally]

    def merge(self, other: "HeadStatistics") -> "HeadStatistics":
        """Of the queries of both. Raises ShapeError when they are of other heads or metrics."""
        mine, theirs = self._shapes(), other._shapes()
        if mine != theirs:
            raise ShapeError(f"statistics of other heads do not merge: {mine} and {theirs}")
        return HeadStatistics(
            {name: tally.merge(other.tallies[name]) for name, tally in self.tallies.items()}
        )

    def mean(self, measure: str) -> np.ndarray:
        """One metric of every head, 'l h' float32: the mean over its queries; NaN of none."""
        return self.tallies[measure].mean.astype(np.float32)

    def spread(self, measure: str) -> np.ndarray:
        """How far its queries differ in a metric, 'l h' float32: the standard deviation."""
        return self.tallies[measure].spread.astype(np.float32)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tally.count.shape for name, tally in self.tallies.items()}


def change_of(
    measure: str,
    one: tuple[Sequence[AttentionRecord], HeadStatistics],
    other: tuple[Sequence[AttentionRecord], HeadStatistics],
) -> np.ndarray:
    """B − A of one metric of every head, 'l h' float32 in the order of A's.

    one, other: the layers of a stack in A and in B, and their statistics. NaN of heads that B
    lacks: layers are matched by number and use, heads by their original number.
    """
    there = {
        (record.layer, record.use, head): value
        for record, row in zip(other[0], other[1].mean(measure), strict=True)
        for head, value in zip(record.heads, row, strict=True)
    }
    records, statistics = one
    theirs = [
        [there.get((record.layer, record.use, head), np.nan) for head in record.heads]
        for record in records
    ]
    return np.array(theirs, np.float32) - statistics.mean(measure)


@incremental
def head_statistics(
    records: Sequence[AttentionRecord], items: Sequence[int], measures: Sequence[str]
) -> Incremental[HeadStatistics]:
    """Some metrics of every layer and head, from one reading of every map; a step is a run of rows.

    items: the batch item of each record.
    """
    shape = len(records), len(records[0].heads)
    found = {name: Tally.empty(*shape) for name in measures}
    for at, (layer, head) in enumerate(np.ndindex(*shape)):
        one = HeadMap(records[layer], items[layer], head)
        reader, sees = RowReader(one, sums=not SUMMED.isdisjoint(measures)), one.visible_keys > 0
        each_run = side_by_side(partial(_measured, reader, measures), reader.runs)
        for (first, end), numbers in zip(reader.runs, each_run, strict=True):
            wrong = len(one.wrong_rows((first, end))) > 0
            for name, each in zip(measures, numbers, strict=True):
                tally = Tally.of(each, sees[first:end] & ~np.isnan(each))
                so_far = found[name].at(layer, head)
                found[name].put((layer, head), so_far.with_run(tally, wrong=wrong))
            yield (at + end / one.shape[0]) / (shape[0] * shape[1])
    return HeadStatistics(found)


def _measured(reader: RowReader, measures: Sequence[str], run: Span) -> list[np.ndarray]:
    return measured(reader.read(run), measures)


def measured(rows: Rows, measures: Sequence[str]) -> list[np.ndarray]:
    """The numbers of each measure, 'q' float64: NaN of a query that it says nothing about.

    The rows are measured in pieces: one stays in a core's cache through all measures.
    """
    pieces = rows.pieces(max(1, rows.attn.size // PIECE))
    with np.errstate(invalid="ignore"):  # weights that are not finite: the mean is NaN
        each = [[MEASURES[name].of(piece) for name in measures] for piece in pieces]
    return [np.concatenate(parts) for parts in zip(*each, strict=True)]


def applicable(record: AttentionRecord) -> dict[str, Measure]:
    """The measures that mean something for this kind of map."""
    return {name: measure for name, measure in MEASURES.items() if measure.applies(record)}
