"""A table of words as plain HTML: Streamlit's own brings 1.3 MB of script with it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import streamlit as st

from phenaki_viz.figures.words import plain

STYLE = """<style>
.text-table { overflow: auto; border: 1px solid rgb(128 128 128 / .3); border-radius: .5rem }
.text-table table { border-collapse: collapse; width: 100%; font-size: .875rem }
.text-table :is(th, td) { padding: 4px 12px; text-align: left; font-weight: 400 }
.text-table thead th { position: sticky; top: 0; background: Canvas }
.text-table tbody tr { border-top: 1px solid rgb(128 128 128 / .2) }
.text-table tr[aria-current] :is(th, td) {
  background: rgb(128 128 128 / .16); &:first-child { font-weight: 600 }
}
</style>"""


class Column(NamedTuple):
    """A column: its heading, and what is said of it where the pointer rests on it."""

    title: str
    means: str = ""


def text_table(
    rows: Sequence[Mapping[str, str]],
    columns: Mapping[str, Column],
    *,
    name: str,
    marked: int | None = None,
    height: int = 250,
) -> None:
    """Draw the rows, one of them marked; each begins with its name.

    columns: which words of a row are shown, in this order. name: of the table, for screen
    readers. height: in CSS pixels, at most; what is below is scrolled to.
    """
    titles = "".join(map(_title, columns.values()))
    lines = "".join(_line(row, columns, at == marked) for at, row in enumerate(rows))
    st.html(
        f'{STYLE}<div class="text-table" role="region" tabindex="0" aria-label="{_text(name)}" '
        f'style="max-height: {height}px"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _title(column: Column) -> str:
    means = f' title="{_text(column.means)}"' if column.means else ""
    return f'<th scope="col"{means}>{_text(column.title)}</th>'


def _line(row: Mapping[str, str], columns: Mapping[str, Column], is_marked: bool) -> str:
    first, *others = (_text(row[one]) for one in columns)
    cells = "".join(f"<td>{one}</td>" for one in others)
    current = ' aria-current="true"' if is_marked else ""
    return f'<tr{current}><th scope="row">{first}</th>{cells}</tr>'


def _text(text: str) -> str:
    return escape(plain(text, longest=300))
