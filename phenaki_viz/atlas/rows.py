"""A row a clip and head: what was measured of the head as columns, and back again.

Beside the numbers that people read stand the sums they were taken of, which merge.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from phenaki_viz.analysis.head_columns import COLUMNS
from phenaki_viz.analysis.head_facts import HeadFacts
from phenaki_viz.analysis.head_rows import HeadRow, HeadTable
from phenaki_viz.atlas.job import ClipName
from phenaki_viz.evaluation.effects import HeadEffect

WORD = pa.struct(
    [
        ("name", pa.string()),
        ("weight", pa.float64()),
        ("even", pa.float64()),
        ("queries", pa.int64()),
    ]
)
READ = pa.struct(
    [
        ("name", pa.string()),
        ("there", pa.float64()),
        ("elsewhere", pa.float64()),
        ("clips", pa.int64()),
        ("routed", pa.int64()),
    ]
)
# The last columns, in the order in which they came: older parts have them not.
ADDED = (pa.field("reads", pa.list_(READ)), pa.field("notes", pa.list_(pa.string())))
# number: which of the part's clips, from 0.
OF_CLIP = {
    "clip": pa.string(), "prompt": pa.string(), "clip_digest": pa.string(), "number": pa.int32(),
}  # fmt: skip
OF_HEAD = {
    "module": pa.string(), "stack": pa.string(), "kind": pa.string(),
    "layer": pa.int32(), "head": pa.int32(), "call": pa.int32(),
    "sorts": pa.bool_(), "map_queries": pa.int64(),
}  # fmt: skip
LEFT_OUT = {"queries": pa.int64(), "wrong": pa.int64(), "unseeing": pa.int64()}
SUMS = {name: pa.list_(pa.float64()) for name in ("count", "total", "squares")}
EFFECTS = {"effect": "rises", "effect_moved": "moved", "effect_divergence": "divergence"}
Row = dict[str, Any]


def schema_of(columns: Sequence[str]) -> pa.Schema:
    """The columns of a part in which these measures are kept."""
    return pa.schema([
        *OF_CLIP.items(), ("error", pa.string()),
        *OF_HEAD.items(), *LEFT_OUT.items(),
        *((name, pa.float64()) for name in columns),
        *((name, pa.float64()) for name in EFFECTS),
        *SUMS.items(), ("words", pa.list_(WORD)), *ADDED,
    ])  # fmt: skip


def rows_of(
    number: int,
    clip: ClipName,
    said: Row,
    table: HeadTable,
    effects: Iterable[HeadEffect],
    columns: Sequence[str],
) -> list[Row]:
    """The rows of a clip, whose table is of it alone. said: of the clip in each, by column."""
    worth = {(one.module, one.head): one for one in effects}
    of_clip = _of_clip(number, clip) | said
    return [
        of_clip | _of_head(row) | _measured(row.facts, columns)
        | _worth(worth.get((row.module, row.head)))
        for row in table
    ]  # fmt: skip


def failed_row(number: int, clip: ClipName, why: str) -> Row:
    """The one row of a clip that could not be measured."""
    return _of_clip(number, clip) | {"error": why}


def _of_clip(number: int, clip: ClipName) -> Row:
    named = {"clip": clip.name, "prompt": clip.prompt, "clip_digest": clip.digest}
    return named | {"number": number}


def table_of(rows: Sequence[Row], columns: Sequence[str]) -> pa.Table:
    """Rows under their schema; what a row has not got is null."""
    return pa.Table.from_pylist(list(rows), schema_of(columns))


def _of_head(row: HeadRow) -> Row:
    found = {name: getattr(row, name) for name in OF_HEAD if name != "map_queries"}
    return found | {"map_queries": row.queries[0]}


def _measured(facts: HeadFacts, columns: Sequence[str]) -> Row:
    found: Row = {name: getattr(facts, name) for name in LEFT_OUT}
    numbers = {name: COLUMNS[name].of(facts) for name in columns}
    found |= {name: None if np.isnan(value) else value for name, value in numbers.items()}
    found |= {name: getattr(facts.tally, name).tolist() for name in SUMS}
    found["words"] = [{"name": name, **vars(mass)} for name, mass in facts.words.items()]
    found["reads"] = [{"name": name, **vars(read)} for name, read in facts.reads.items()]
    return found


def _worth(effect: HeadEffect | None) -> Row:
    """Means over the masks of one clip: its trials are not independent of each other."""
    if effect is None:
        return {}
    found = {name: getattr(effect, field) for name, field in EFFECTS.items()}
    return {name: float(each.mean()) for name, each in found.items() if each is not None}
