"""How the table of heads looks on its page: columns, their bars and words, room."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from phenaki_viz.figures.table import Table, TableColumn

STYLE = """<style>
.st-key-heads-tools { flex-wrap: wrap }
</style>"""
# Of all columns those that a page shows at first; a stack has some of them.
FIRST = (
    "name", "named", "there", "reads", "effect", "position", "own_step", "same_patch", "follows",
    "null", "text", "moves", "moves_features", "equal_keys", "space", "dt", "diversity",
)  # fmt: skip
WHOLE = ("named",)  # columns as wide as all of their rows: by itself a table looks at some
LETTER, AROUND = 6.6, 20  # pixels, of 14 px type, and beside the words
NOT_LISTED = ("stack", "maps", "layer", "head", "call", "clips")


def listed(picture: Table, shown: Sequence[int]) -> dict[str, Any]:
    """The rows that are listed, by column."""
    rows = list(shown)
    names = [
        f"L{layer} H{head}"
        for layer, head in zip(
            picture.column("layer").values, picture.column("head").values, strict=True
        )
    ]
    found: dict[str, Any] = {"name": [names[at] for at in rows]}
    for column in picture.columns:
        if column.name not in NOT_LISTED:
            values = column.values if column.unit == "nats" else column.listed()
            found[column.name] = values[rows]
    return found


def column_config(picture: Table) -> dict[str, Any]:
    """Shares as bars from 0 to 1, all else as numbers; what a column means on hover."""
    found: dict[str, Any] = {"name": st.column_config.TextColumn("Head", pinned=True)}
    for column in picture.columns:
        if column.name not in NOT_LISTED:
            found[column.name] = _config(column)
    return found


def _config(column: TableColumn) -> Any:
    means = f"{column.means} ({column.unit})" if column.unit else column.means
    if column.values.dtype.kind == "U":
        width = _width(column) if column.name in WHOLE else None
        return st.column_config.TextColumn(column.title, help=means or None, width=width)
    if column.share and column.name in FIRST:
        return st.column_config.ProgressColumn(
            column.title, help=means, min_value=0, max_value=1, format="%.2f", width=104
        )
    if column.unit == "nats":
        return st.column_config.NumberColumn(column.title, help=means, format="%+.3f")
    number = "%d" if column.values.dtype.kind == "i" else "%.2f"
    return st.column_config.NumberColumn(
        column.title, help=means or None, format="%.3g" if "keys" in column.unit else number
    )


def _width(column: TableColumn) -> int:
    """Pixels that its longest row needs, or its title."""
    longest = max(map(len, [column.title, *column.values.tolist()]))
    return round(LETTER * longest + AROUND)
