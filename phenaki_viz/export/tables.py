"""The exact numbers of a picture as CSV, for spreadsheets and eyes."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from phenaki_viz.errors import ExportError
from phenaki_viz.export.made_by import CSV_MARK, made_by_json
from phenaki_viz.figures import (
    Arrows,
    Curves,
    FilmStrip,
    HeadGrid,
    Heatmap,
    Picture,
    Surface,
    TermBars,
    Tracks,
)
from phenaki_viz.figures.table import Table
from phenaki_viz.figures.words import plain

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"  # what makes a spreadsheet read a cell as a formula
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
Rows = Iterator[Sequence[Any]]


def to_csv(picture: Picture) -> bytes:
    """The numbers as text; every float32 comes back exactly. UTF-8, comment lines first."""
    buffer = io.StringIO(newline="")
    for line in _comments(picture):
        buffer.write(f"# {line}\n")
    csv.writer(buffer, lineterminator="\n").writerows(_rows(picture))
    return buffer.getvalue().encode()


def _comments(picture: Picture) -> Iterable[str]:
    yield f"phenaki_viz {type(picture).__name__}"
    yield f"title {_uncut(json.dumps(plain(picture.title), ensure_ascii=False))}"
    for note in picture.notes:
        yield f"note {_uncut(json.dumps(plain(note), ensure_ascii=False))}"
    yield CSV_MARK.removeprefix("# ") + _uncut(made_by_json(picture))
    yield from _remarks(picture)


def _remarks(picture: Picture) -> Iterable[str]:
    match picture:
        case Heatmap() if picture.hidden is not None:
            yield "nan: masked - the query may not look there"
        case FilmStrip():
            yield "nan: no key of this map"
        case Tracks():
            yield "row, column empty: no patch of that step is seen; hit empty: does not count"
        case Curves() if any(curve.spread is not None for curve in picture.curves):
            yield "spread: half the width of the interval around the value"
        case Table():
            for one in picture.columns:
                if one.means:
                    means = json.dumps(plain(one.means), ensure_ascii=False)
                    yield f"column {one.name} {_uncut(means)} {one.unit}".rstrip()
        case HeadGrid() if picture.values is None:
            yield "nan: masked; inf: a row that is not a distribution"


def _uncut(text: str) -> str:
    """JSON whose strings hold no ',' and ';': a spreadsheet that cuts the line at them finds no
    cell that begins with what somebody typed. The value is the same.
    """
    cuts = {ord(","): "\\u002c", ord(";"): "\\u003b"}
    return STRING.sub(lambda found: found[0].translate(cuts), text)


def guarded(name: str) -> str:
    """A name that a spreadsheet does not run: a ' goes before = + - @."""
    name = plain(name)
    return f"'{name}" if name[:1] and name[0] in FORMULA else name


def _numbers(values: np.ndarray) -> list[str]:
    """The shortest text of each number that reads back as the same float."""
    return [str(value) for value in np.asarray(values)]


def _rows(picture: Picture) -> Rows:
    match picture:
        case Heatmap():
            return _heatmap_rows(picture)
        case FilmStrip():
            return _strip_rows(picture)
        case HeadGrid():
            return _grid_rows(picture)
        case Surface():
            return _surface_rows(picture)
        case Curves():
            return _curve_rows(picture)
        case Arrows():
            return _arrow_rows(picture)
        case Table():
            return _table_rows(picture)
        case TermBars():
            return _bar_rows(picture)
        case Tracks():
            return _track_rows(picture)
    raise ExportError(f"{type(picture).__name__} has no numbers to export")


def _heatmap_rows(picture: Heatmap) -> Rows:
    values = np.asarray(picture.values, np.float32)
    if picture.hidden is not None:
        values = np.where(picture.hidden, np.float32(np.nan), values)
    corner = f"{picture.query.title} \\ {picture.key.title}"
    yield [guarded(corner), *map(guarded, picture.key.names)]
    for name, row in zip(picture.query.names, values, strict=True):
        yield [guarded(name), *_numbers(row)]


def _strip_rows(picture: FilmStrip) -> Rows:
    weights = np.asarray(picture.weights, np.float32)
    yield ["time", "row", "column", "frames", guarded(picture.unit)]
    for at in np.ndindex(weights.shape):
        frames = " ".join(map(str, picture.steps[at[0]]))
        yield [*at, frames, str(weights[at])]


def _grid_rows(picture: HeadGrid) -> Rows:
    unit = guarded(picture.unit or "value")
    if picture.values is not None:
        yield ["layer", "head", unit]
        values = np.asarray(picture.values, np.float32)
        for layer, head in np.ndindex(values.shape):
            yield [*_head(picture, layer, head), str(values[layer, head])]
        return
    yield ["layer", "head", "row", "column", unit]
    for layer, head, row, column in np.ndindex(picture.thumbnails.shape):
        value = np.float32(picture.thumbnails[layer, head, row, column])
        yield [*_head(picture, layer, head), row, column, str(value)]


def _head(picture: HeadGrid, layer: int, head: int) -> tuple[str, str]:
    return guarded(picture.layers[layer]), guarded(picture.heads[head])


def _surface_rows(picture: Surface) -> Rows:
    corner = f"{picture.y_title} \\ {picture.x_title}"
    yield [guarded(corner), *_numbers(picture.x)]
    for y, row in zip(_numbers(picture.y), np.asarray(picture.z, np.float32), strict=True):
        yield [y, *_numbers(row)]


def _bar_rows(picture: TermBars) -> Rows:
    yield ["line", "term", guarded(picture.unit), "from"]
    for line, part in np.ndindex(picture.values.shape):
        value = picture.values[line, part]
        if np.isfinite(value):
            name, term = guarded(picture.names[line]), guarded(picture.labels[part])
            yield [name, term, str(value), str(picture.starts[line, part])]


def _curve_rows(picture: Curves) -> Rows:
    labels = ["label"] if picture.x_labels else []
    spread = ["spread"] if any(curve.spread is not None for curve in picture.curves) else []
    yield ["curve", guarded(picture.x_title), guarded(picture.y_title), *spread, *labels]
    for curve in picture.curves:
        spreads = np.full(len(curve.x), np.nan) if curve.spread is None else curve.spread
        for x, y, half in zip(curve.x, curve.y, spreads, strict=True):
            label = [guarded(picture.x_labels[int(x)])] if labels else []
            yield [guarded(curve.name), str(x), str(y), *([str(half)] if spread else []), *label]


def _arrow_rows(picture: Arrows) -> Rows:
    yield ["layer", "head", "time steps", "rows", "columns"]
    shifts = np.asarray(picture.shifts, np.float32)
    for layer, head in np.ndindex(shifts.shape[:2]):
        names = guarded(picture.layers[layer]), guarded(picture.heads[head])
        yield [*names, *_numbers(shifts[layer, head])]


def _track_rows(picture: Tracks) -> Rows:
    yield ["head", "time", "row", "column", "weight", "share of the step", "hit", "true row",
           "true column"]  # fmt: skip
    path = picture.path
    for line in picture.lines:
        for step, place in enumerate(line.places):
            hit = "" if line.judged[step] < 0 else int(line.judged[step])
            true = (-1, -1) if path is None else path[step]
            numbers = _numbers(np.array([line.weights[step], line.shares[step]], np.float32))
            yield [guarded(line.name), step, *_known(place), *numbers, hit, *_known(true)]


def _known(place: Sequence[int] | np.ndarray) -> list[Any]:
    """Row and column, or nothing."""
    return ["" if at < 0 else int(at) for at in place]


def _table_rows(picture: Table) -> Rows:
    yield [guarded(one.name) for one in picture.columns]
    for row in zip(*(one.values for one in picture.columns), strict=True):
        yield [guarded(str(at)) if isinstance(at, str) else str(at) for at in row]
