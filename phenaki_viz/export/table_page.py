"""A table as one HTML page: sorted by a click on a title, every number whole when pointed at."""

import base64
import hashlib
from typing import Any

import numpy as np

from phenaki_viz.browser.file_page import STYLE
from phenaki_viz.export.provenance import head_record, html_text
from phenaki_viz.figures.table import Table, TableColumn
from phenaki_viz.figures.words import plain, spoken

POLICY = (
    "default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
LOOK = """
body { max-width: none; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; text-align: left; vertical-align: top; white-space: nowrap; }
th { position: sticky; top: 0; background: var(--st-secondary-background-color); }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
td[data-v] { text-align: right; }
td.words { white-space: normal; min-width: 24em; }
tbody tr:nth-child(even) { background: var(--st-secondary-background-color); }
"""
LONG = 40  # letters of a text that may be broken into lines
# Rows of no number stay last, whichever way a column is sorted.
SORT = """
const body = document.querySelector("tbody");
const text = (row, at) => row.cells[at].dataset.v ?? row.cells[at].textContent;
const order = (a, b) => {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
};
for (const [at, title] of [...document.querySelectorAll("th")].entries()) {
  title.firstChild.addEventListener("click", () => {
    const down = title.ariaSort === "descending";
    for (const each of document.querySelectorAll("th")) each.ariaSort = null;
    title.ariaSort = down ? "ascending" : "descending";
    const rows = [...body.rows];
    const known = rows.filter((row) => text(row, at) !== "nan");
    known.sort((a, b) => (down ? 1 : -1) * order(text(a, at), text(b, at)));
    body.append(...known, ...rows.filter((row) => !known.includes(row)));
  });
}
"""


def table_page(picture: Table) -> bytes:
    """The page; title, notes and what made it are in it. It needs no script to be read."""
    digest = base64.b64encode(hashlib.sha256(SORT.encode()).digest()).decode()
    title = html_text(plain(picture.title))
    titles = "".join(map(_title, picture.columns))
    cells = zip(*(map(_cell, [one] * len(picture), one.values) for one in picture.columns),
                strict=True)  # fmt: skip
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    notes = "".join(f"<p>{html_text(plain(note))}</p>" for note in picture.notes)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(digest=digest)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title>{head_record(picture)}<style>{STYLE}{LOOK}</style></head>\n"
        f"<body><h1>{title}</h1><table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody>"
        f"</table><footer>{notes}</footer>\n<script>{SORT}</script></body></html>\n"
    ).encode()


def _title(column: TableColumn) -> str:
    text = " · ".join(one for one in (column.means, column.unit) if one)
    means = f' title="{html_text(plain(text))}"' if text else ""
    return f'<th scope="col"{means}><button>{html_text(plain(column.title))}</button></th>'


def _cell(column: TableColumn, value: Any) -> str:
    if column.values.dtype.kind not in "fiu":
        text = plain(str(value))
        long = ' class="words"' if len(text) > LONG else ""
        return f"<td{long}>{html_text(text)}</td>"
    return f'<td data-v="{value}" title="{value}">{number_text(value)}</td>'


def number_text(value: Any) -> str:
    """A number of a table as it is read: whole ones whole, others in four digits, NaN as ''."""
    if np.isnan(value):
        return ""
    return str(value) if isinstance(value, np.integer) else spoken(float(value))
