"""What a component was sent, read back: the Python twin of `unpack` in numbers/message.js."""

import json
import struct
from html.parser import HTMLParser
from typing import Any, NamedTuple

import numpy as np
from streamlit.testing.v1 import AppTest

from phenaki_viz.ui.components.stamps import LENGTH
from tests.components.test_weight_codes import read_back


def unpack(sent: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays (flat) of one buffer made by `pack`."""
    (length,) = struct.unpack_from("<I", sent)
    header = json.loads(sent[4 : 4 + length])
    parts, at = {}, 4 + length
    for name, kind, count in header["parts"]:
        parts[name] = np.frombuffer(sent, kind, count, at)
        at += -(-parts[name].nbytes // 4) * 4
    assert at == len(sent)
    return header, parts


def sent(at: AppTest, which: int = 0) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the page's component number `which` was sent in the last run."""
    header, parts = unpack(at.get("bidi_component")[which].proto.bytes[:-LENGTH])
    if "listed" in parts:
        parts["values"] = read_back(parts)
    return header, parts


def words_on(at: AppTest) -> list[str]:
    """All that the page says in words: captions, text, and the lines that go with pictures."""
    found = [element.value for element in (*at.markdown, *at.caption)]
    for component in at.get("bidi_component"):
        header, _ = unpack(component.proto.bytes[:-LENGTH])
        badge = (header.get("badge") or {}).values()
        lines = (header.get("title"), header.get("text"), *header.get("notes", ()), *badge)
        found += [line for line in lines if line]
    return found


class _Cells(HTMLParser):
    """The words of every cell of one table, row by row, and which row is marked."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.marked: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.marked += [len(self.rows) - 1] if "aria-current" in dict(attrs) else []
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


class WordTable(NamedTuple):
    """What a table of words says, a column by its title, and the row that is marked."""

    columns: dict[str, list[str]]
    marked: int | None


def word_tables(at: AppTest) -> list[WordTable]:
    """Every table of words on the page."""
    made = []
    for element in at.get("html"):
        body = element.proto.body
        if "<table>" in body:
            cells = _Cells(body[body.index("<table>") :])
            titles, *rows = cells.rows
            columns = dict(zip(titles, map(list, zip(*rows, strict=True)), strict=True))
            made.append(WordTable(columns, next(iter(cells.marked), None)))
    return made
