import errno
import io
import os
import resource
from collections import namedtuple
from pathlib import Path

import pytest

from phenaki_viz import files as files_module
from phenaki_viz.errors import ExportError
from phenaki_viz.export import render, write, write_archive, write_bytes
from tests.export.alone import alone
from tests.figures.samples import heatmap, surface


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_what_was_given(tmp_path):
    path = write_bytes(tmp_path / "a.png", b"new")
    assert path.read_bytes() == b"new" and names(tmp_path) == ["a.png"]


def test_the_file_s_rights_are_those_of_any_new_file(tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    written = write_bytes(tmp_path / "a.png", b"new")
    assert written.stat().st_mode == plain.stat().st_mode


Usage = namedtuple("Usage", "total used free")


def test_a_reader_of_the_old_file_never_sees_half_of_the_new(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_bytes(path, b"new")
        assert reader.read() == b"old"


class Full(io.FileIO):
    """A file on a disk with no room left."""

    def write(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_keeps_the_old_file_and_says_both_numbers(tmp_path, monkeypatch):
    old = tmp_path / "a.png"
    old.write_bytes(b"old")
    monkeypatch.setattr(Path, "open", lambda path, mode: Full(path, mode.replace("b", "")))
    monkeypatch.setattr(files_module.shutil, "disk_usage", lambda folder: Usage(0, 0, 1234))
    with pytest.raises(ExportError, match=r"a\.png needs 5,000 bytes, 1,234 bytes are free"):
        write_bytes(old, b"x" * 5000)
    monkeypatch.undo()
    assert old.read_bytes() == b"old" and names(tmp_path) == ["a.png"]


LIMITED = """
from pathlib import Path
from phenaki_viz.errors import ExportError
from phenaki_viz.files import write_bytes
try:
    write_bytes(Path(sys.argv[1]), b"x" * int(sys.argv[2]))
except ExportError as error:
    print(error)
"""


def limited_write(path: Path, size: int) -> str:
    """Write in a process that may write files of 1,000 bytes; the error's words."""
    return alone(LIMITED, str(path), str(size), before=at_most_1000_bytes)


def at_most_1000_bytes() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def test_a_real_limit_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    said = limited_write(path, 70_000)  # the disk is not full: a sentence that said so would lie
    assert "a.png needs 70,000 bytes, which is more than may be written to" in said
    assert "lift the limit on files or the quota" in said
    assert path.read_bytes() == b"old" and names(tmp_path) == ["a.png"]
    assert limited_write(path, 900) == ""
    assert path.stat().st_size == 900


def test_a_write_that_is_stopped_leaves_nothing(tmp_path):
    path = tmp_path / "all.zip"
    path.write_bytes(b"old")

    def pictures():
        yield surface()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_archive(path, pictures(), ["csv"])
    assert path.read_bytes() == b"old" and names(tmp_path) == ["all.zip"]


def test_a_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="could not be written"):
        write(surface(), tmp_path / "file" / "folder", "csv")
    with pytest.raises(ExportError, match=r"could not be written to .*: Not a directory"):
        write_bytes(tmp_path / "file" / "missing" / "a.png", b"")


def test_a_file_name_is_replaced_and_a_folder_is_filled(tmp_path):
    exact = tmp_path / "maps" / "mine.csv"
    for _ in range(2):
        assert write(heatmap(), exact, "csv") == exact
    assert names(tmp_path / "maps") == ["mine.csv"]
    folder = tmp_path / "run.v1"
    written = [write(heatmap(name="../self L3"), folder, kind) for kind in ("csv", "csv", "npz")]
    assert [path.name for path in written] == ["self-L3.csv", "self-L3_2.csv", "self-L3.npz"]
    assert {path.parent for path in written} == {folder}
    assert written[1].read_bytes() == render(heatmap(), "csv")


def test_an_unknown_format_is_said_before_anything_is_made(tmp_path):
    with pytest.raises(ExportError, match="no export format 'gif': use one of png, svg"):
        write(heatmap(), tmp_path / "new", "gif")
    assert names(tmp_path) == []
