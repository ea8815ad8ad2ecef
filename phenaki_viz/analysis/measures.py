"""Head metrics of whole recordings: 'l h' tables that the grid can colour by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from phenaki_viz.analysis import heads
from phenaki_viz.recording import AttentionRecord


@dataclass(frozen=True)
class Measure:
    """A metric of one head. title: in words; unit: of the number; of: map → number a query."""

    title: str
    unit: str
    of: Callable[[np.ndarray, AttentionRecord], np.ndarray]
    applies: Callable[[AttentionRecord], bool]


def _is_self(record: AttentionRecord) -> bool:
    return record.kind == "self" and record.num_null_kv == 0


def _runs_in_time(record: AttentionRecord) -> bool:
    return _is_self(record) and record.places.token_grid[0] > 1


def _runs_in_space(record: AttentionRecord) -> bool:
    return _is_self(record) and max(record.places.token_grid[1:]) > 1


MEASURES: dict[str, Measure] = {
    "entropy": Measure(
        "entropy", "bits", lambda attn, record: heads.entropy(attn), lambda record: True
    ),
    "space": Measure(
        "distance in space",
        "patches",
        lambda attn, record: heads.distance_in_space(attn, record.places.token_grid),
        _runs_in_space,
    ),
    "time": Measure(
        "distance in time",
        "steps",
        lambda attn, record: heads.distance_in_time(attn, record.places.token_grid),
        _runs_in_time,
    ),
    "self": Measure("weight on itself", "", lambda attn, record: heads.self_mass(attn), _is_self),
    "null": Measure(
        "null mass",
        "",
        lambda attn, record: heads.null_mass(attn, record.num_null_kv),
        lambda record: record.num_null_kv > 0,
    ),
    "top": Measure(
        "keys holding 90 %",
        "keys",
        lambda attn, record: heads.top_mass(attn),
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

    b: the batch item of each record. on_progress: told (heads done, of) after each; what it raises
    stops the work. NaN where a head has a row that is not a distribution.
    """
    of = MEASURES[measure].of
    table = np.empty((len(records), len(records[0].heads)), np.float32)
    for done, (layer, head) in enumerate(np.ndindex(*table.shape), start=1):
        record = records[layer]
        table[layer, head] = of(record.map.full(b[layer], head), record).mean()
        if on_progress:
            on_progress(done, table.size)
    return table


def applicable(record: AttentionRecord) -> dict[str, Measure]:
    """The measures that mean something for this kind of map."""
    return {name: measure for name, measure in MEASURES.items() if measure.applies(record)}
