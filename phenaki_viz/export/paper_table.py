"""A table on paper: as many columns beside each other as fit, the rest in bands below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from phenaki_viz.export.paper import EDGE, WIDTH, Body, Sheet
from phenaki_viz.export.paper_text import FAINT, INK, TICK, height_of, width_of
from phenaki_viz.export.table_page import number_text
from phenaki_viz.figures.table import Table, TableColumn
from phenaki_viz.figures.words import plain

ACROSS = WIDTH - 2 * EDGE
GAP = 0.1  # inches between columns and between bands
MOST_LINES = 100  # a longer table is printed in part, and says so
LONGEST = 30  # letters of a cell; a table with longer ones says so
CUT = f"texts are cut after {LONGEST} letters: CSV and NPZ have them whole"


@dataclass(frozen=True)
class _Column:
    title: str
    cells: tuple[str, ...]
    right: bool

    @property
    def width(self) -> float:
        return max(width_of(text, TICK) for text in (self.title, *self.cells))


def table_sheet(picture: Table, *, vector: bool) -> Sheet:
    """Lines under titles; the columns that name a line are repeated in every band."""
    del vector  # letters are letters on every paper
    columns = [_printed(one, min(len(picture), MOST_LINES)) for one in picture.columns]
    bands = list(_bands(columns, named=picture.naming))
    band = height_of(1 + min(len(picture), MOST_LINES), TICK) + GAP
    noted = replace(picture, notes=(*picture.notes, *_left_out(picture)))
    sheet = Sheet(noted, Body(max(len(bands), 1) * band))
    for at, shown in enumerate(bands):
        _draw(sheet, shown, sheet.top + at * band)
    return sheet


def _left_out(picture: Table) -> Iterator[str]:
    if len(picture) > MOST_LINES:
        yield f"the first {MOST_LINES} of {len(picture)} lines: CSV and NPZ have all"
    if any(len(text) > LONGEST for one in picture.columns for text in _texts(one)):
        yield CUT


def _texts(column: TableColumn) -> Iterator[str]:
    yield column.title
    if column.values.dtype.kind not in "fiu":
        yield from map(str, column.values)


def _printed(column: TableColumn, lines: int) -> _Column:
    right = column.values.dtype.kind in "fiu"
    return _Column(_cut(column.title), tuple(map(_cell, column.values[:lines])), right)


def _cell(value: Any) -> str:
    return number_text(value) if isinstance(value, np.number) else _cut(str(value))


def _cut(text: str) -> str:
    text = plain(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _bands(columns: Sequence[_Column], named: int) -> Iterator[list[_Column]]:
    """Columns in runs no wider than the sheet, after those that name a line."""
    names, rest = list(columns[:named]), list(columns[named:])
    room = ACROSS - sum(one.width + GAP for one in names)
    while rest or names:
        taken = max(1, _fitting(rest, room))
        yield [*names, *rest[:taken]]
        rest = rest[taken:]
        if not rest:
            return


def _fitting(columns: Sequence[_Column], room: float) -> int:
    widths = np.cumsum([one.width + GAP for one in columns])
    return int(np.searchsorted(widths, room + GAP, side="right"))


def _draw(sheet: Sheet, columns: Sequence[_Column], top: float) -> None:
    left = EDGE
    for column in columns:
        for line, text in enumerate((column.title, *column.cells)):
            edge = left + column.width if column.right else left
            sheet.text(
                text,
                edge,
                top + height_of(line, TICK),
                TICK,
                ha="right" if column.right else "left",
                color=INK if line else FAINT,
                weight="normal",
            )
        left += column.width + GAP
