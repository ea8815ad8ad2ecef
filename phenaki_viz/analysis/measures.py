"""Head metrics of whole recordings: 'l h' tables that the grid can colour by.

Maps are read in runs of rows, so that a map of any size is measured without ever being held.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis import heads
from phenaki_viz.analysis.steps import Steps, finish
from phenaki_viz.recording import AttentionRecord

RUN = 2**22  # weights measured at a time
PIECE = 2**17  # weights of it that one core measures at a time
CORES = min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class Measure:
    """A metric of one head. title: in words; unit: of the number.

    of: a run of rows of the map, its record, the run's first query → number a query.
    """

    title: str
    unit: str
    of: Callable[[np.ndarray, AttentionRecord, int], np.ndarray]
    applies: Callable[[AttentionRecord], bool]


def _is_self(record: AttentionRecord) -> bool:
    return record.kind == "self" and record.num_null_kv == 0


def _runs_in_time(record: AttentionRecord) -> bool:
    return _is_self(record) and record.places.token_grid[0] > 1


def _runs_in_space(record: AttentionRecord) -> bool:
    return _is_self(record) and max(record.places.token_grid[1:]) > 1


MEASURES: dict[str, Measure] = {
    "entropy": Measure(
        "entropy", "bits", lambda attn, record, first: heads.entropy(attn), lambda record: True
    ),
    "space": Measure(
        "distance in space",
        "patches",
        lambda attn, record, first: heads.distance_in_space(attn, record.places.token_grid, first),
        _runs_in_space,
    ),
    "time": Measure(
        "distance in time",
        "time steps",
        lambda attn, record, first: heads.distance_in_time(attn, record.places.token_grid, first),
        _runs_in_time,
    ),
    "self": Measure(
        "weight on itself", "", lambda attn, record, first: heads.self_mass(attn, first), _is_self
    ),
    "null": Measure(
        "null mass",
        "",
        lambda attn, record, first: heads.null_mass(attn, record.num_null_kv),
        lambda record: record.num_null_kv > 0,
    ),
    "top": Measure(
        "keys holding 90 %",
        "keys",
        lambda attn, record, first: heads.top_mass(attn),
        lambda record: True,
    ),
}


def head_table(records: Sequence[AttentionRecord], b: Sequence[int], measure: str) -> np.ndarray:
    """One metric for every layer and head, 'l h' float32: the mean over queries.

    b: the batch item of each record. NaN where a head has a row that is not a distribution, or no
    query that sees a key: those that see none do not count.
    """
    return head_tables(records, b, [measure])[measure]


def head_tables(
    records: Sequence[AttentionRecord], b: Sequence[int], measures: Sequence[str]
) -> dict[str, np.ndarray]:
    """Several metrics as `head_table` gives them, from one reading of every map."""
    return finish(table_steps(records, b, measures))


def table_steps(
    records: Sequence[AttentionRecord], b: Sequence[int], measures: Sequence[str]
) -> Steps[dict[str, np.ndarray]]:
    """The same in steps, each of a run of rows of one head."""
    shape = len(records), len(records[0].heads)
    tables = {name: np.zeros(shape, np.float64) for name in measures}
    with ThreadPoolExecutor(CORES) as cores:
        for at, (layer, head) in enumerate(np.ndindex(*shape)):
            record, item = records[layer], b[layer]
            queries = record.map.shape[2]
            sees = record.visible_keys(item) > 0
            counted = sees.sum() or np.nan
            for first, attn in row_runs(record, item, head):
                end = first + len(attn)
                if len(record.map.wrong_rows(item, head, (first, end))):
                    counted = np.nan
                for sums in _measured(attn, record, first, measures, sees[first:end], cores):
                    for name, total in zip(measures, sums, strict=True):
                        tables[name][layer, head] += total / counted
                yield (at + (first + len(attn)) / queries) / (shape[0] * shape[1])
    return {name: table.astype(np.float32) for name, table in tables.items()}


def _measured(
    attn: np.ndarray,
    record: AttentionRecord,
    first: int,
    measures: Sequence[str],
    sees: np.ndarray,
    cores: Executor,
) -> Iterator[list[float]]:
    """Sums over the queries of a run, one a measure, of piece after piece of its rows.

    sees: 'q' bool, which of them see a key and count.

    A piece stays in a core's cache through all measures, and NumPy lets cores work side by side.
    """

    def measure(piece: np.ndarray, at: int) -> list[float]:
        counts = sees[at - first : at - first + len(piece)]
        with np.errstate(invalid="ignore"):  # weights that are not finite: the mean is NaN
            each = [MEASURES[name].of(piece, record, at) for name in measures]
        return [float(numbers.sum(where=counts)) for numbers in each]

    if attn.size < 2 * PIECE:
        return iter([measure(attn, first)])
    pieces = np.array_split(attn, attn.size // PIECE)
    starts = itertools.accumulate(map(len, pieces[:-1]), initial=first)
    return cores.map(measure, pieces, starts)


def row_runs(
    record: AttentionRecord, item: int, head: int, rows: tuple[int, int] | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """A map, or some rows of it, in runs of rows: (first query, weights 'q j')."""
    _, _, i, j = record.map.shape
    begin, end = rows or (0, i)
    step = max(1, RUN // j)
    for first in range(begin, end, step):
        yield first, record.map.tile(item, head, (first, min(first + step, end)), (0, j))


def applicable(record: AttentionRecord) -> dict[str, Measure]:
    """The measures that mean something for this kind of map."""
    return {name: measure for name, measure in MEASURES.items() if measure.applies(record)}
