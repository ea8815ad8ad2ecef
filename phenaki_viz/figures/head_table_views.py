"""The table of heads as a file's and a page's: who a head is, what it is called, every number."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phenaki_viz.analysis.character import RULE
from phenaki_viz.analysis.head_columns import (
    COLUMNS,
    NAMES,
    SHARE,
    columns_of,
    half_width,
    names_of,
    value,
)
from phenaki_viz.analysis.head_table import HeadTable
from phenaki_viz.figures.head_sentences import row_sentence, table_heading, taken_over
from phenaki_viz.figures.naming import module_family
from phenaki_viz.figures.table import Table, TableColumn

HALF = "_half"  # ends the name of a column's half interval


def heads_table(
    table: HeadTable, made_by: Mapping[str, Any], name: str = "heads", *, clips: str = ""
) -> Table:
    """Every head and number; over several clips, half of the 95 % interval beside each.

    clips: which they are, for the notes.
    """
    measured = [column for key in columns_of(table) for column in _measured(table, key)]
    return Table(
        name=name,
        title=table_heading(table),
        notes=(
            taken_over(table),
            RULE,
            *(f"{called}: {rule}" for called, rule in NAMES.items()),
            *([f"clips: {clips}"] if clips else []),
        ),
        made_by=made_by,
        columns=(*_identity(table), *measured, *_left(table)),
    )


def _identity(table: HeadTable) -> list[TableColumn]:
    rows = table.rows
    return [
        _text("stack", "Stack", [row.stack for row in rows]),
        _text("maps", "Maps", [module_family(row.module) for row in rows]),
        _whole("layer", "Layer", [row.layer for row in rows]),
        _whole("head", "Head", [row.head for row in rows]),
        _whole("call", "Call", [row.call for row in rows]),
        _text("named", "Named", [", ".join(names_of(row)) for row in rows]),
        _text("sentence", "In words", [row_sentence(row) for row in rows]),
    ]


def _left(table: HeadTable) -> list[TableColumn]:
    rows = table.rows
    return [
        _whole("clips", "Clips", [len(row.clips) for row in rows]),
        _whole("queries", "Queries", [row.facts.queries for row in rows]),
        _whole("wrong", "Rows that are no distribution", [row.facts.wrong for row in rows]),
    ]


def _measured(table: HeadTable, key: str) -> list[TableColumn]:
    column = COLUMNS[key]
    unit = "" if column.unit == SHARE else column.unit
    found = [
        TableColumn(
            name=key, title=column.title, unit=unit, means=column.means,
            values=np.array([value(row, key) for row in table]), share=column.unit == SHARE,
        )
    ]  # fmt: skip
    if table.clips > 1:
        found.append(
            TableColumn(
                name=f"{key}{HALF}",
                title=f"{column.title}, ±",
                unit=unit,
                means="Half of the 95 % interval of the mean over clips (Student's t)",
                values=np.array([half_width(row, key) for row in table]),
            )
        )
    return found


def _text(name: str, title: str, values: list[str]) -> TableColumn:
    return TableColumn(name=name, title=title, values=np.array(values, dtype=str))


def _whole(name: str, title: str, values: list[int]) -> TableColumn:
    return TableColumn(name=name, title=title, values=np.array(values, np.int64))
