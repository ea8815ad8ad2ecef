import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from phenaki_viz.errors import ExportError
from phenaki_viz.export import FORMATS, read_provenance, render
from phenaki_viz.export.provenance import provenance_json
from tests.export.rendered import PICTURES, rendered
from tests.figures.samples import curves, surface

HARD = {
    "words": "(a \\) b\\\\ \n\t ] <script>-- ]]> & \u00e9 \U0001f600 \x00 ;,'\"",
    "nested": {"list": [1, 2.5, None, True, {"x": "=cmd()"}]},
    "": "",
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("record", [HARD, {}], ids=["hard", "empty"])
def test_every_format_gives_back_what_made_it(form, record, tmp_path):
    content = render(curves(provenance=record, title="t (\\) </title>"), form)
    assert read_provenance(content) == record
    path = tmp_path / f"a.{form}"
    path.write_bytes(content)
    assert read_provenance(path) == read_provenance(str(path)) == record


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_kind_of_picture_in_every_format(kind, form):
    assert read_provenance(rendered(kind, form)) == PICTURES[kind].provenance


@pytest.mark.parametrize("form", FORMATS)
def test_files_that_called_it_made_by_are_read(form):
    content = render(curves(provenance={"head": 2}), form)
    if form == "npz":
        made, older = io.BytesIO(), zipfile.ZipFile(io.BytesIO(content))
        with zipfile.ZipFile(made, "w") as archive:
            for name in older.namelist():
                archive.writestr(name.replace("provenance", "made_by"), older.read(name))
        content = made.getvalue()
    for old, now in (
        (b"# made_by ", b"# provenance "),
        (b"% made_by ", b"% provenance "),
        (b'id="made-by"', b'id="provenance"'),
    ):
        content = content.replace(now, old)
    assert read_provenance(content) == {"head": 2}


def test_arrays_become_lists_and_what_is_not_finite_null():
    record = {
        "step": np.int64(3),
        "scale": np.float32(0.5),
        "size": (5, np.int32(7)),
        "ends": np.array([0.25, np.nan]),
        "bad": float("inf"),
        "path": Path("a/b"),
        "heads": {2, 1},
        3: "three",
    }
    assert read_provenance(render(surface(provenance=record), "csv")) == {
        "step": 3,
        "scale": 0.5,
        "size": [5, 7],
        "ends": [0.25, None],
        "bad": None,
        "path": "a/b",
        "heads": [1, 2],
        "3": "three",
    }


def test_what_is_no_data_is_refused():
    with pytest.raises(ExportError, match="provenance holds a function"):
        provenance_json(surface(provenance={"callback": lambda: 0}))


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n broken",
        b"%PDF-1.4 no keywords",
        b"<?xml version='1.0'?><svg/>",
        b"<?xml version='1.0'?><!DOCTYPE s [<!ENTITY a 'b'>]><s>&a;</s>",
        b"<?xml broken",
        b"<!doctype html><html></html>",
        b"# phenaki_viz\n1,2\n# provenance {}\n",
        b"# provenance [1]\n",
        b"# provenance {broken\n",
        b"PK\x03\x04 broken",
        zipped(values=b"1"),
        zipped(provenance=b"not an array"),
    ],
)
def test_files_without_a_record_are_said(content):
    with pytest.raises(ExportError, match="does not say what made it"):
        read_provenance(content)


class Bomb:
    """Pickled, it makes a folder when somebody loads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_in_the_place_of_the_record_is_not_run(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb(tmp_path / "ran")], dtype=object), allow_pickle=True)
    with pytest.raises(ExportError):
        read_provenance(zipped(provenance=buffer.getvalue()))
    assert not (tmp_path / "ran").exists()


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ExportError, match=r"gone\.png does not exist"):
        read_provenance(tmp_path / "gone.png")
