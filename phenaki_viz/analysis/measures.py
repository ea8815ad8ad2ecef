"""Head metrics of whole recordings: 'l h' tables that the grid can colour by.

Maps are read in runs of rows, so that a map of any size is measured without ever being held.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis import heads
from phenaki_viz.recording import AttentionRecord

RUN = 2**22  # weights measured at a time


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
        "steps",
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


def head_table(
    records: Sequence[AttentionRecord],
    b: Sequence[int],
    measure: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """One metric for every layer and head, 'l h' float32: the mean over queries.

    b: the batch item of each record. on_progress: told (heads done, of) as they are, what it
    raises stops the work. NaN where a head has a row that is not a distribution.
    """
    return head_tables(records, b, [measure], on_progress)[measure]


def head_tables(
    records: Sequence[AttentionRecord],
    b: Sequence[int],
    measures: Sequence[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Several metrics as `head_table` gives them, from one reading of every map."""
    shape = len(records), len(records[0].heads)
    tables = {name: np.empty(shape, np.float32) for name in measures}
    for done, (layer, head) in enumerate(np.ndindex(*shape), start=1):
        means = _means(records[layer], b[layer], head, measures)
        for name, mean in means.items():
            tables[name][layer, head] = mean
        if on_progress:
            on_progress(done, shape[0] * shape[1])
    return tables


def row_runs(record: AttentionRecord, item: int, head: int) -> Iterator[tuple[int, np.ndarray]]:
    """A map in runs of rows: (first query, weights 'q j')."""
    _, _, i, j = record.map.shape
    step = max(1, RUN // j)
    for first in range(0, i, step):
        yield first, record.map.tile(item, head, (first, min(first + step, i)), (0, j))


def largest_weight(record: AttentionRecord, item: int, head: int) -> float:
    """The largest weight of one head's map; rows that are not a distribution do not count."""
    highs = [np.nanmax(weights, initial=0) for _, weights in row_runs(record, item, head)]
    return float(max(highs))


def _means(
    record: AttentionRecord, item: int, head: int, measures: Sequence[str]
) -> dict[str, float]:
    sums = dict.fromkeys(measures, 0.0)
    for first, attn in row_runs(record, item, head):
        for name in measures:
            sums[name] += float(MEASURES[name].of(attn, record, first).sum())
    queries = record.map.shape[2]
    return {name: total / queries for name, total in sums.items()}


def applicable(record: AttentionRecord) -> dict[str, Measure]:
    """The measures that mean something for this kind of map."""
    return {name: measure for name, measure in MEASURES.items() if measure.applies(record)}
