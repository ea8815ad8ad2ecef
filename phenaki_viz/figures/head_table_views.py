"""The table of heads as a file's and a page's: who a head is, what it is called, every number."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phenaki_viz.analysis.alike import DISTANCE, Alike
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
from phenaki_viz.analysis.head_table import HeadRow, HeadTable
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.figures.apart import told_apart
from phenaki_viz.figures.arrows import Arrows
from phenaki_viz.figures.clauses import with_sign
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.effect_views import effect_words
from phenaki_viz.figures.head_sentences import row_sentence, table_heading, taken_over
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.naming import head_label, module_family
from phenaki_viz.figures.picture import Axis
from phenaki_viz.figures.table import Table, TableColumn

EVEN_SHIFT = 0.05  # time steps: what rounds to 0.0 is none
HALF = "_half"  # ends the name of a column's half interval


def heads_table(
    table: HeadTable,
    provenance: Mapping[str, Any],
    name: str = "heads",
    *,
    clips: str = "",
    effects: Sequence[HeadEffect] = (),
) -> Table:
    """Every head and number; over several clips, half of the 95 % interval beside each.

    clips: which they are, for the notes. effects: what switching each head off was found to do.
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
        provenance=provenance,
        naming=4,
        columns=(*_identity(table), *_effect(table, effects), *measured, *_left(table)),
    )


def _identity(table: HeadTable) -> list[TableColumn]:
    rows = table.rows
    return [
        _text("stack", "Stack", [row.stack for row in rows]),
        _text("maps", "Maps", [module_family(row.module, row.kind) for row in rows]),
        _whole("layer", "Layer", [row.layer for row in rows]),
        _whole("head", "Head", [row.head for row in rows]),
        _whole("call", "Call", [row.call for row in rows]),
        _text("named", "Named", [", ".join(names_of(row)) for row in rows]),
        *_reads(table),
        _text("sentence", "In words", [row_sentence(row) for row in rows]),
    ]


def effect_of(row: HeadRow, effects: Sequence[HeadEffect]) -> HeadEffect | None:
    """What was measured of a head; None where it was not."""
    mine = (one for one in effects if (one.module, one.head) == (row.module, row.head))
    return next(mine, None)


def worth_said(row: HeadRow, effects: Sequence[HeadEffect]) -> str:
    """' Switching it off: +0.114 ± 0.029 nats.', to follow a head's sentence; empty where that was
    not measured.
    """
    worth = effect_of(row, effects)
    return f" Switching it off: {effect_words(worth)}." if worth else ""


def _effect(table: HeadTable, effects: Sequence[HeadEffect]) -> list[TableColumn]:
    found = [effect_of(row, effects) for row in table]
    if not any(found):
        return []
    means = (
        "Rise of the loss with the head switched off, as the page What if or an atlas measured it"
    )
    return [
        TableColumn(
            name="effect", title="Loss when off", unit="nats", means=means,
            values=np.array([np.nan if one is None else one.mean for one in found]),
        ),
        TableColumn(
            name=f"effect{HALF}", title="Loss when off, ±", unit="nats",
            means="Half of the 95 % interval of the mean over clips (Student's t)",
            values=np.array([np.nan if one is None else one.half_width for one in found]),
        ),
    ]  # fmt: skip


def _reads(table: HeadTable) -> list[TableColumn]:
    """Of attention to a text: the word that each head reads where there is something, and the key
    that it reads most on the whole, with their weights.
    """
    if not any(row.facts.words for row in table):
        return []
    where = [_there(row) for row in table]
    there = [_text("there", "Where there is something", where)] if any(where) else []
    most = [max(row.facts.words.items(), key=lambda one: one[1].mass, default=None)
            for row in table]  # fmt: skip
    said = ["" if one is None else f"{one[0]} ({one[1].mass:.2f})" for one in most]
    return [*there, _text("reads", "Most on the whole", said)]


def _there(row: HeadRow) -> str:
    """'two (0.55, elsewhere 0.04)'; over several clips the word of the most, and in how many."""
    reads = row.facts.reads
    if not reads:
        return ""
    name, most = max(reads.items(), key=lambda one: one[1].clips)
    many = f" in {most.clips:,} of {row.over:,} clips" if row.over > 1 else ""
    there, elsewhere = most.there / most.clips, most.elsewhere / most.clips
    return f"{name}{many} ({there:.2f}, elsewhere {elsewhere:.2f})"


def _left(table: HeadTable) -> list[TableColumn]:
    rows = table.rows
    return [
        _whole("clips", "Clips", [row.over for row in rows]),
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


def alike_picture(
    table: HeadTable, alike: Alike, provenance: Mapping[str, Any], name: str = "heads_alike"
) -> Heatmap:
    """How far heads are from each other, like beside like. table: heads in the order of alike."""
    order = list(alike.order)
    names = told_apart(tuple(head_label(table.rows[at].layer, table.rows[at].head) for at in order))
    values = np.asarray(alike.distances[np.ix_(order, order)], np.float32)
    return Heatmap(
        name=name,
        title="Heads alike",
        notes=(DISTANCE, f"over {alike.queries:,} queries; ordered by clustering, average linkage"),
        provenance=provenance,
        values=values,
        query=Axis(title="head", names=names),
        key=Axis(title="head", names=names),
        scale=ColourScale(low=0, high=1, palette="magma_r", scope="what the distance can be"),
        unit="Jensen–Shannon distance",
    )


def _even_shift(table: HeadTable) -> tuple[str, ...]:
    """What a mask alone leaves of a shift in time, as a line; none where that is nothing."""
    even = [shift for row in table if abs(shift := row.facts.mean("even.dt")) >= EVEN_SHIFT]
    if not even:
        return ()
    low, high = (with_sign(end, 1) for end in (min(even), max(even)))
    said = low if low == high else f"{low} to {high}"
    return (f"uniform attention would shift by {said} time steps, as masks leave it",)


def shifts_picture(
    table: HeadTable,
    provenance: Mapping[str, Any],
    selected: tuple[int, int] | None = None,
    name: str = "heads_shifts",
) -> Arrows | None:
    """Where the heads of a stack look from the query; None where their keys have no places."""
    layers = list(dict.fromkeys((row.module, row.call, row.layer) for row in table))
    heads = sorted({row.head for row in table})
    shifts = np.full((len(layers), len(heads), 3), np.nan)
    for row in table:
        at = layers.index((row.module, row.call, row.layer)), heads.index(row.head)
        shifts[at] = [value(row, column) for column in ("dt", "drow", "dcol")]
    if np.isnan(shifts).all():
        return None
    if selected is not None and not all(
        a < n for a, n in zip(selected, shifts.shape, strict=False)
    ):
        selected = None  # a head that the table has not got, yet
    return Arrows(
        name=name,
        title="Where heads look from the query",
        notes=(
            "mean of key − query by weight: arrows in rows and columns, numbers in time steps",
            *_even_shift(table),
            taken_over(table),
        ),
        provenance=provenance,
        shifts=shifts,
        layers=told_apart(tuple(f"L{layer}" for _, _, layer in layers)),
        heads=tuple(f"H{head}" for head in heads),
        selected=selected,
    )
