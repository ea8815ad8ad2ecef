"""What an archive says about itself: a page of thumbnails, a table, a page of text."""

import csv
import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phenaki_viz.export.numbers import guarded
from phenaki_viz.export.provenance import html_text
from phenaki_viz.export.thumbnails import thumbnail
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.words import plain
from phenaki_viz.nouns import counted

GROUPED_BY = ("kind", "pass", "batch_item")  # of what made a picture
WITHOUT_PASS = ("kind", "branch", "step", "batch_item")  # of older pictures
LONGEST_VALUE = 60

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #1f2430; background: #fff }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 2rem }
table { border-collapse: collapse } th { font-weight: 600; padding: .3rem .6rem }
td { padding: .3rem .6rem; text-align: center; vertical-align: top }
li img { margin: .2rem 0 } img { display: block; margin: 0 auto .2rem; image-rendering: pixelated }
a { color: #0b5cad; margin: 0 .2rem } ul { padding-left: 1.2rem }
"""

README = """\
{count} pictures of attention, written by phenaki_viz.

index.html   thumbnails, layers down and heads across; open it in a browser, it needs no network
index.csv    every file, its title and what made it
{folders}
What made a picture (weights, seed, layer, head, step, colour scale) is inside every file:
    from phenaki_viz.export import read_provenance
    read_provenance("{first}/NAME.{first}")
"""
NUMBERS = """
The exact arrays and names:
    import numpy as np
    arrays = np.load("npz/NAME.npz", allow_pickle=False)
"""
FOLDERS = {
    "png": "pictures, one dot or more for each number",
    "svg": "pictures for papers; letters are outlines",
    "pdf": "pictures for papers",
    "html": "pages to hover and zoom; those that are no maps share plotly.min.js beside them",
    "npz": "exact arrays",
    "csv": "exact numbers as text",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One picture of an archive. files: its path for each format."""

    title: str
    provenance: Mapping[str, Any]
    files: Mapping[str, str]
    small: bytes


def entry_of(picture: Picture, files: Mapping[str, str]) -> Entry:
    """What the index keeps of a picture after the picture is gone."""
    return Entry(
        title=plain(picture.title),
        provenance=picture.provenance,
        files=dict(files),
        small=thumbnail(picture),
    )


def index_csv(entries: Sequence[Entry]) -> bytes:
    """One line a file: file, title, what made it in short."""
    buffer = io.StringIO(newline="")
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(["file", "title", "provenance"])
    for entry in entries:
        facts = guarded(summary(entry.provenance))
        table.writerows([file, guarded(entry.title), facts] for file in entry.files.values())
    return buffer.getvalue().encode()


def summary(provenance: Mapping[str, Any]) -> str:
    """'kind=self layer=3 head=5': what is one word or number, lists and tables left out."""
    short = (str, int, float, bool)
    return " ".join(
        f"{plain(str(name))}={plain(str(value), LONGEST_VALUE)}"
        for name, value in provenance.items()
        if isinstance(value, short)
    )


def readme(count: int, formats: Sequence[str]) -> bytes:
    """The text that explains the archive."""
    lines = "\n".join(f"{name + '/':<13}{FOLDERS[name]}" for name in formats)
    text = README.format(count=count, folders=lines + "\n", first=formats[0])
    return (text + (NUMBERS if "npz" in formats else "")).encode()


def index_html(entries: Sequence[Entry]) -> bytes:
    """A page of thumbnails, layers down and heads across; everything in it, nothing fetched."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(_group(entry), []).append(entry)
    parts = [_table(name, group) if name else _list(group) for name, group in groups.items()]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>phenaki_viz pictures</title><style>{STYLE}</style></head><body>"
        f"<h1>{counted(len(entries), 'picture')}</h1>{''.join(parts)}</body></html>\n"
    )
    return page.encode()


def _group(entry: Entry) -> str:
    """The heading of a picture of one head; '' for a picture of anything else."""
    if not {"layer", "head"} <= entry.provenance.keys():
        return ""
    fields = GROUPED_BY if "pass" in entry.provenance else WITHOUT_PASS
    named = ((name, entry.provenance.get(name)) for name in fields)
    parts = [f"{name} {plain(str(value))}" for name, value in named if value is not None]
    return ", ".join(parts) or "heads"


def _table(name: str, entries: Sequence[Entry]) -> str:
    layers = _in_order(entry.provenance["layer"] for entry in entries)
    heads = _in_order(entry.provenance["head"] for entry in entries)
    top = "".join(f"<th>{html_text(f'H{head}')}</th>" for head in heads)
    rows = "".join(
        f"<tr><th>{html_text(f'L{layer}')}</th>"
        + "".join(f"<td>{_cell(entries, layer, head)}</td>" for head in heads)
        + "</tr>"
        for layer in layers
    )
    return f"<h2>{html_text(name)}</h2><table><tr><th></th>{top}</tr>{rows}</table>"


def _in_order(values: Any) -> list[Any]:
    """Each value once, numbers by size, the rest after them by name."""
    return sorted(set(values), key=lambda value: (not isinstance(value, int), value, str(value)))


def _cell(entries: Sequence[Entry], layer: Any, head: Any) -> str:
    here = (layer, head)
    return "".join(
        _shown(entry)
        for entry in entries
        if (entry.provenance["layer"], entry.provenance["head"]) == here
    )


def _list(entries: Sequence[Entry]) -> str:
    items = "".join(f"<li>{html_text(entry.title)}{_shown(entry)}</li>" for entry in entries)
    return f"<h2>all heads and other pictures</h2><ul>{items}</ul>"


def _shown(entry: Entry) -> str:
    title = html_text(entry.title)
    source = f"data:image/png;base64,{b64encode(entry.small).decode()}"
    image = f'<img src="{source}" alt="{title}" title="{title}">'
    links = "".join(
        f'<a href="{html_text(file)}">{html_text(name)}</a>' for name, file in entry.files.items()
    )
    return f"<div>{image}{links}</div>"
