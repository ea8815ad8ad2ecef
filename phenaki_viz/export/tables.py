"""The exact numbers of a picture as CSV, for spreadsheets and eyes."""

import csv
import io
import json
import re
from collections.abc import Iterable

from phenaki_viz.export.kinds import faces_of
from phenaki_viz.export.provenance import CSV_MARK, provenance_json
from phenaki_viz.figures import Picture
from phenaki_viz.figures.words import plain

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def to_csv(picture: Picture) -> bytes:
    """The numbers as text; every float32 comes back exactly. UTF-8, comment lines first.

    Raises ExportError for an unknown kind of picture.
    """
    faces = faces_of(picture)
    buffer = io.StringIO(newline="")
    for line in (*_comments(picture), *map(_uncut, faces.remarks(picture))):
        buffer.write(f"# {line}\n")
    csv.writer(buffer, lineterminator="\n").writerows(faces.rows(picture))
    return buffer.getvalue().encode()


def _comments(picture: Picture) -> Iterable[str]:
    yield f"phenaki_viz {type(picture).__name__}"
    yield f"title {_uncut(json.dumps(plain(picture.title), ensure_ascii=False))}"
    for note in picture.notes:
        yield f"note {_uncut(json.dumps(plain(note), ensure_ascii=False))}"
    yield CSV_MARK.removeprefix("# ") + _uncut(provenance_json(picture))


def _uncut(text: str) -> str:
    """JSON whose strings hold no ',' and ';': a spreadsheet that cuts the line at them finds no
    cell that begins with what was typed. The value is the same.
    """
    cuts = {ord(","): "\\u002c", ord(";"): "\\u003b"}
    return STRING.sub(lambda found: found[0].translate(cuts), text)
