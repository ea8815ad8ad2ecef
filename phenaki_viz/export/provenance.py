"""What made a picture, as JSON inside every exported file, and back."""

import html
import io
import json
import math
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image, UnidentifiedImageError

from phenaki_viz.errors import ExportError, FileError
from phenaki_viz.figures.picture import Picture
from phenaki_viz.files import open_file

PNG_KEY = "phenaki_viz"
HTML_ID = "provenance"
CSV_MARK = "# provenance "
PGF_MARK = "% provenance "
OLDER, OLDER_ID = "made_by", "made-by"  # what it was called in files of before
MOST_BYTES = 16_000_000
DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
PDF_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def provenance_json(picture: Picture) -> str:
    """The picture's record of what made it as one line of ASCII JSON.

    Arrays become lists, numbers that JSON does not have (NaN, infinity) null.
    Raises ExportError for something that is no data.
    """
    return jsonable_text(picture.provenance)


def jsonable_text(provenance: Mapping[str, Any]) -> str:
    """A record of what made a picture as one line of ASCII JSON; see `provenance_json`."""
    return json.dumps(jsonable(provenance), ensure_ascii=True)


def head_record(picture: Picture) -> str:
    """The record as an inert element, for the head of a page."""
    return record_element(provenance_json(picture))


def record_element(text: str) -> str:
    """JSON of a record as an element that nothing runs."""
    return f'<script type="application/json" id="{HTML_ID}">{inert_json(text)}</script>'


def jsonable(value: Any) -> Any:
    """Arrays as lists, sets sorted, NaN and infinity as null. Raises ExportError for no data."""
    match value:
        case Mapping():
            return {str(key): jsonable(held) for key, held in value.items()}
        case list() | tuple() | set() | frozenset():
            held = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
            return [jsonable(one) for one in held]
        case np.ndarray() | np.generic():
            return jsonable(value.tolist())
        case float():
            return value if math.isfinite(value) else None
        case None | bool() | int() | str():
            return value
        case Path():
            return str(value)
    raise ExportError(
        f"provenance holds a {type(value).__name__}; expected numbers, words or lists"
    )


def read_provenance(source: Path | str | bytes) -> dict[str, Any]:
    """What made an exported picture, from its file or the file's bytes, in any of our formats.

    Nothing in the file is run. Raises ExportError when the file holds no such record.
    """
    content = source if isinstance(source, bytes) else _bytes_of(Path(source))
    name = "the file" if isinstance(source, bytes) else Path(source).name
    try:
        found = json.loads(_reader(content)(content))
    except (
        ValueError, KeyError, OSError, RecursionError, zipfile.BadZipFile, ElementTree.ParseError
    ) as error:  # fmt: skip
        raise ExportError(f"{name} does not say what made it: no phenaki_viz export") from error
    if not isinstance(found, dict):
        raise ExportError(f"{name} does not say what made it: its record is no JSON object")
    return found


def _bytes_of(path: Path) -> bytes:
    try:
        with open_file(path) as file:
            return file.read()
    except (FileError, OSError) as error:
        raise ExportError(str(error)) from error


def _reader(content: bytes) -> Callable[[bytes], str]:
    readers: dict[bytes, Callable[[bytes], str]] = {
        b"\x89PNG": _from_png,
        b"GIF89a": _from_gif,
        b"%PDF": _from_pdf,
        b"PK": _from_npz,
        b"# ": _from_csv,
        b"%% A figure": _from_pgf,
        b"<?xml": _from_svg,
        b"<!doctype html>": _from_html,
    }
    for magic, reader in readers.items():
        if content.startswith(magic):
            return reader
    raise ValueError("none of the export formats")


def _from_png(content: bytes) -> str:
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            return str(image.info[PNG_KEY])
    except (UnidentifiedImageError, SyntaxError) as error:
        raise ValueError("broken PNG") from error


def _from_gif(content: bytes) -> str:
    try:
        with Image.open(io.BytesIO(content), formats=("GIF",)) as image:
            return bytes(image.info["comment"]).decode("ascii")
    except (UnidentifiedImageError, SyntaxError) as error:
        raise ValueError("broken GIF") from error


def _from_svg(content: bytes) -> str:
    if b"<!ENTITY" in content:
        raise ValueError("an SVG of ours defines no entities")
    return _text_of(ElementTree.fromstring(content).find(f".//{DESCRIPTION}"))


def _text_of(element: ElementTree.Element | None) -> str:
    if element is None or element.text is None:
        raise ValueError("no description")
    return element.text


def _from_pdf(content: bytes) -> str:
    """The literal string after /Keywords in the information dictionary, unescaped."""
    found = re.search(rb"/Keywords \(((?:[^()\\]|\\.)*)\)", content, re.DOTALL)
    if found is None:
        raise ValueError("no keywords")
    text = found[1].decode("ascii")
    return re.sub(r"\\(.)", lambda escape: PDF_ESCAPES.get(escape[1], escape[1]), text)


def _from_html(content: bytes) -> str:
    pattern = rf'<script type="application/json" id="(?:{HTML_ID}|{OLDER_ID})">(.*?)</script>'
    found = re.search(pattern.encode(), content, re.DOTALL)
    if found is None:
        raise ValueError("no record")
    return found[1].decode()


def _from_npz(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        older = f"{OLDER}.npy" in archive.namelist()
        name = OLDER if older else "provenance"
        if archive.getinfo(f"{name}.npy").file_size > MOST_BYTES:
            raise ValueError("a record of that size is none of ours")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return str(arrays[name])


def _from_csv(content: bytes) -> str:
    return _from_comment(content, CSV_MARK)


def _from_pgf(content: bytes) -> str:
    return _from_comment(content, PGF_MARK)


def _from_comment(content: bytes, mark: str) -> str:
    """What follows the mark in one of the comments at the top; its first sign begins them all."""
    marks = tuple(one.encode() for one in (mark, mark.replace("provenance", OLDER)))
    for line in content.split(b"\n"):
        if not line.startswith(mark[0].encode()):
            break
        for one in marks:
            if line.startswith(one):
                return line[len(one) :].decode()
    raise ValueError("no record")


def inert_json(text: str) -> str:
    """JSON that may stand inside a script element: no '<' in it, the same value."""
    return text.replace("<", "\\u003c")


def html_text(text: str) -> str:
    """Text for HTML, shown letter by letter."""
    return html.escape(text, quote=True)
