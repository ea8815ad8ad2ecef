"""Everything that is known of whole heads, from one reading of each: pictures, metrics, sinks.

Of a long video the reading is the work: every weight has to be made anew. So each run of rows is
made once, and thumbnail, metrics and sinks take theirs from it. Until then there are estimates of
all heads, from a few rows of each.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.measures import SUMMED, applicable, measured
from phenaki_viz.analysis.rows import SIDE, RowReader
from phenaki_viz.analysis.sampled import sampled_head
from phenaki_viz.analysis.sinks import Sinks, no_sinks, sinks_of
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.analysis.thumbnails import Thumbnails, marked
from phenaki_viz.numerics.crew import side_by_side
from phenaki_viz.recording import AttentionRecord, HeadMap, cell_size
from phenaki_viz.recording.maps import Span, mean_cells

ESTIMATED = 0.02  # of the work: the share that estimates of all heads are


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadReading:
    """What is known of one head.

    picture: 'y x' float32, as one of `Thumbnails`. means, errors: of each metric, over its queries:
    the mean, and the standard error of an estimate, 0 of one that is exact. tallies: the sums of
    exact ones. sinks: None of an estimate. rows, of: how many queries were read, and there are.
    """

    layer: int
    head: int
    picture: np.ndarray
    means: Mapping[str, float]
    errors: Mapping[str, float]
    rows: int
    of: int
    tallies: Mapping[str, Tally] | None = None
    sinks: Sinks | None = None

    @property
    def is_exact(self) -> bool:
        """Whether every row was read."""
        return self.rows == self.of


@dataclass(frozen=True, eq=False, kw_only=True)
class Survey:
    """What is known of every head of a stack, of some exactly and of others by an estimate.

    heads: by (layer, head), all of 'l h'. cell: weights that one cell of a picture stands for.
    """

    heads: Mapping[tuple[int, int], HeadReading]
    cell: tuple[int, int]

    @classmethod
    def of(cls, records: Sequence[AttentionRecord], parts: Sequence[HeadReading]) -> "Survey":
        """Of all that was read so far: of each head what was read last."""
        _, _, i, j = records[0].map.shape
        heads = {(one.layer, one.head): one for one in parts}
        return cls(heads=heads, cell=(cell_size(i, SIDE), cell_size(j, SIDE)))

    @property
    def thumbnails(self) -> Thumbnails:
        """The pictures of all heads."""
        layers, heads = self._shape
        values = [[self.heads[layer, head].picture for head in range(heads)]
                  for layer in range(layers)]  # fmt: skip
        return Thumbnails(np.array(values, np.float32), self.cell)

    def mean(self, measure: str) -> np.ndarray:
        """One metric of every head, 'l h' float32."""
        return self._table(lambda one: one.means[measure])

    def error(self, measure: str) -> np.ndarray:
        """The standard error of its estimates, 'l h' float32; 0 where the metric is exact."""
        return self._table(lambda one: one.errors[measure])

    @property
    def is_exact(self) -> bool:
        """Whether every row of every head was read."""
        return all(one.is_exact for one in self.heads.values())

    @property
    def exact(self) -> int:
        """How many heads were read whole."""
        return sum(one.is_exact for one in self.heads.values())

    @property
    def rows(self) -> int:
        """How many rows were read of a head that is estimated; 0 of none."""
        return max((one.rows for one in self.heads.values() if not one.is_exact), default=0)

    @property
    def of_rows(self) -> int:
        """How many rows a head has."""
        return max(one.of for one in self.heads.values())

    @property
    def _shape(self) -> tuple[int, int]:
        layers, heads = zip(*self.heads, strict=True)
        return max(layers) + 1, max(heads) + 1

    def _table(self, number: Callable[[HeadReading], float]) -> np.ndarray:
        found = np.full(self._shape, np.nan, np.float32)
        for at, one in self.heads.items():
            found[at] = number(one)
        return found


@incremental
def survey(
    records: Sequence[AttentionRecord],
    items: Sequence[int],
    done: list[HeadReading] | None = None,
) -> Incremental[Survey]:
    """Thumbnails, all metrics and sinks of every head of a stack, each map read once.

    items: the batch item of each record. done: readings are put in here as they are had, estimates
    of all heads first, together. A step is a run of rows, or a head's estimate.
    """
    found: list[HeadReading] = [] if done is None else done
    every = list(np.ndindex(len(records), len(records[0].heads)))
    names = list(applicable(records[0]))
    heads = [HeadMap(records[layer], items[layer], head) for layer, head in every]
    estimates: list[HeadReading] = []
    each = [(head, layer, names, at)
            for at, (head, (layer, _)) in enumerate(zip(heads, every, strict=True))]  # fmt: skip
    for one in side_by_side(lambda args: _estimate(*args), each):
        estimates.append(one)
        yield ESTIMATED * len(estimates) / len(every)
    found += estimates
    yield ESTIMATED
    for at, ((layer, _), head) in enumerate(zip(every, heads, strict=True)):
        reader = HeadReader(head, names)
        for share in reader.steps():
            yield ESTIMATED + (1 - ESTIMATED) * (at + share) / len(every)
        found.append(reader.reading(layer))
    return Survey.of(records, found)


@dataclass(frozen=True, eq=False)
class RunRead:
    """What a run of rows gives. cells: 'y j', sums over the rows of each cell of the thumbnail."""

    cells: np.ndarray
    numbers: list[np.ndarray]
    sinks: Sinks


class HeadReader:
    """Reads one head, and hands each run of its rows to everything that is measured."""

    def __init__(self, head: HeadMap, names: Sequence[str]) -> None:
        self.head, self.names = head, names
        self.rows = RowReader(head, sums=not SUMMED.isdisjoint(names))
        self.tallies = {name: Tally.empty() for name in names}
        self.sinks = no_sinks(head.shape[1])
        self.pooled: list[np.ndarray] = []

    def steps(self) -> Iterator[float]:
        """Read it; the share that is read after each run."""
        runs, sees = self.rows.runs, self.head.visible_keys > 0
        cell = self.rows.cell, cell_size(self.head.shape[1], SIDE)
        for (first, end), read in zip(runs, side_by_side(self._read, runs), strict=True):
            self.pooled.append(mean_cells(read.cells, end - first, cell))
            wrong = len(self.head.wrong_rows((first, end))) > 0
            for name, numbers in zip(self.names, read.numbers, strict=True):
                tally = Tally.of(numbers, sees[first:end] & ~np.isnan(numbers))
                self.tallies[name] = self.tallies[name].with_run(tally, wrong=wrong)
            self.sinks = self.sinks.merge(read.sinks)
            yield end / self.head.shape[0]

    def _read(self, run: Span) -> RunRead:
        rows = self.rows.read(run)
        cells = rows.cell_sums(self.rows.cell)
        return RunRead(cells, measured(rows, self.names), sinks_of(rows, cells))

    def reading(self, layer: int) -> HeadReading:
        """All of it, when every run is read."""
        i, wrong = self.head.shape[0], self.head.wrong_rows()
        picture = marked(self.head, np.concatenate(self.pooled), self.rows.cell, wrong)
        return HeadReading(
            layer=layer, head=self.head.head, picture=picture, rows=i, of=i,
            means={name: float(tally.mean) for name, tally in self.tallies.items()},
            errors=dict.fromkeys(self.names, 0.0), tallies=self.tallies, sinks=self.sinks,
        )  # fmt: skip


def _estimate(head: HeadMap, layer: int, names: Sequence[str], seed: int) -> HeadReading:
    sampled, tall = sampled_head(head, names, seed), cell_size(head.shape[0], SIDE)
    return HeadReading(
        layer=layer, head=head.head, means=sampled.means, errors=sampled.errors, rows=sampled.rows,
        of=head.shape[0],
        picture=marked(head, sampled.picture, tall, sampled.wrong),
    )  # fmt: skip
