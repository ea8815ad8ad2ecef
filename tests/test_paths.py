"""Whatever a path is: a sentence, nothing lost, and nothing left behind."""

import os
import socket
import stat
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from phenaki_viz.checkpoints import inspect_checkpoint, open_checkpoint
from phenaki_viz.cli import main
from phenaki_viz.data import load_clip
from phenaki_viz.errors import (
    CheckpointError,
    ExportError,
    FileError,
    PhenakiVizError,
    RecordingError,
    VideoError,
)
from phenaki_viz.export import read_provenance
from phenaki_viz.files import (
    PART,
    make_folder,
    open_file,
    path_of,
    replacing,
    shown,
    sweep,
    target_of,
    temporary,
    write_bytes,
)
from phenaki_viz.runs.files import is_recording, open_recording

READERS = {
    "checkpoint": (open_checkpoint, CheckpointError),
    "inspection": (inspect_checkpoint, CheckpointError),
    "recording": (open_recording, RecordingError),
    "clip": (load_clip, VideoError),
    "export": (read_provenance, ExportError),
}


def pipe(folder):
    os.mkfifo(folder / "pipe.pt")
    return folder / "pipe.pt"


def listener(folder):
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "s"))
    return folder / "s"


def circle(folder):
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    return folder / "a"


ODD = {
    "a pipe": pipe,
    "a device": lambda folder: Path("/dev/zero"),
    "a socket": listener,
    "missing": lambda folder: folder / "none.pt",
    "a name too long": lambda folder: folder / ("n" * 300),
    "a NUL": lambda folder: folder / "a\0b",
    "no UTF-8": lambda folder: folder / "\udcff.pt",
    "a circle of links": circle,
    "inside a file": lambda folder: write_bytes(folder / "file", b"x") / "in.pt",
    "memory of a process": lambda folder: Path("/proc/self/mem"),
    "empty": lambda folder: write_bytes(folder / "empty", b""),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("odd", ODD)
def test_every_reader_says_what_a_path_is(tmp_path, reader, odd):
    read, error = READERS[reader]
    path = ODD[odd](tmp_path)
    with pytest.raises(error) as caught:
        read(path)
    said = str(caught.value)
    assert "\n" not in said and len(said) < 300 and said.isprintable()
    if odd in ("a pipe", "a device", "a socket"):
        assert odd in said
    assert not is_recording(path)


def test_a_path_is_read_as_it_was_typed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_of(" ~/x.pt ") == tmp_path / "x.pt"
    with pytest.raises(FileError, match="~nouser is the home of nobody on this machine"):
        path_of("~nouser/x.pt")
    with pytest.raises(FileError, match="there is a NUL in it"):
        path_of("a\0b")
    assert shown("a\nb\udcff") == "a\ufffdb\ufffd" and len(shown("n" * 300)) == 80


TARGETS = {
    "a folder": lambda folder: folder,
    "here": lambda folder: Path(),
    "the root": lambda folder: Path("/"),
    "a device": lambda folder: Path("/dev/null"),
    "a pipe": pipe,
    "below a file": lambda folder: write_bytes(folder / "file", b"x") / "no" / "x",
    "a name too long": lambda folder: folder / ("n" * 300),
    "a NUL": lambda folder: folder / "a\0b",
    "a circle of links": circle,
    "inside a file": lambda folder: write_bytes(folder / "file", b"x") / "x",
}


@pytest.mark.parametrize("odd", TARGETS)
def test_what_cannot_be_written_is_said_and_stays_as_it_is(tmp_path, odd):
    path = TARGETS[odd](tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ExportError) as caught:
        write_bytes(path, b"content")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    assert sorted(tmp_path.rglob("*")) == before
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    if odd not in ("a name too long",):  # which only the writing itself finds out
        with pytest.raises(ExportError):
            target_of(path)


def test_the_folder_of_a_file_is_made_before_the_work(tmp_path):
    path = tmp_path / "figures" / "of today" / "x.csv"
    assert target_of(path) == path and path.parent.is_dir() and not path.exists()
    assert write_bytes(tmp_path / "runs" / "x", b"content").read_bytes() == b"content"
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "x")
    write_bytes(tmp_path / "link", b"content")
    assert (tmp_path / "elsewhere" / "x").read_bytes() == b"content"


def test_a_folder_that_cannot_be(tmp_path):
    for path in (tmp_path / "a\0b", write_bytes(tmp_path / "file", b"") / "folder"):
        with pytest.raises(ExportError, match="could not be written"):
            make_folder(path)


def test_links_and_permissions_stay(tmp_path):
    target = write_bytes(tmp_path / "real", b"old")
    target.chmod(0o640)
    (tmp_path / "link").symlink_to(target)
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_no_right_to_write(tmp_path):
    protected = write_bytes(tmp_path / "protected", b"old")
    protected.chmod(0o444)
    with pytest.raises(ExportError, match="protected from writing"):
        write_bytes(protected, b"new")
    tmp_path.chmod(0o555)
    with pytest.raises(ExportError, match="no right to write there"):
        write_bytes(tmp_path / "x", b"new")
    tmp_path.chmod(0o755)
    assert protected.read_bytes() == b"old"


# ---- what killed runs leave behind

KILLED = """
import sys, time
from pathlib import Path
from phenaki_viz.files import open_file, replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("in it", flush=True)
    time.sleep(600)
"""


def parts(folder):
    return [path for path in folder.iterdir() if PART.fullmatch(path.name)]


def test_parts_of_killed_runs_go_with_the_next_one_and_no_others(tmp_path):
    old = write_bytes(tmp_path / "x", b"old")
    others = [
        tmp_path / name for name in (".1234567890abcdef.part", "x.part", ".phenaki_viz-x.part")
    ]
    for other in others:
        other.write_bytes(b"of somebody else")
    command = [sys.executable, "-c", KILLED, str(old)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writing:
        assert writing.stdout.readline() == b"in it\n"
        write_bytes(tmp_path / "y", b"beside it")
        assert len(parts(tmp_path)) == 1  # its writer lives
        writing.kill()
    assert len(parts(tmp_path)) == 1 and old.read_bytes() == b"old"
    write_bytes(tmp_path / "z", b"after it")
    assert not parts(tmp_path) and all(other.exists() for other in others)


def test_a_part_is_not_swept_by_its_own_process(tmp_path):
    with replacing(tmp_path / "x") as file:
        file.write(b"one")
        with temporary(tmp_path) as (other, path):
            other.write(b"two")
            sweep(tmp_path)
            assert path.exists() and len(parts(tmp_path)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


# ---- the command line

BAD = [
    ["inspect", ""],
    ["inspect", "/dev/zero"],
    ["inspect", "{folder}"],
    ["inspect", "{folder}/pipe.pt"],
    ["inspect", "{folder}/" + "n" * 300],
    ["inspect", "{folder}/\udcff"],
    ["open", "{folder}/pipe.pt"],
    ["open", "/dev/zero"],
    ["open", ""],
    ["record", "", "--weights", "trained"],
    ["record", "/dev/null", "--weights", "trained"],
    ["record", "{folder}", "--weights", "trained"],
    ["record", "{folder}/pipe.pt/run", "--weights", "trained"],
    ["record", "{folder}/run", "--weights", "{folder}/pipe.pt"],
    ["record", "{folder}/run", "--weights", "trained", "--clip", "{folder}/pipe.pt"],
    ["record", "{folder}/run", "--weights", "trained", "--clip", "/dev/zero"],
    ["export", "/dev/null"],
    ["export", "{folder}"],
    ["export", ""],
    ["train", "digits", "{folder}"],
    ["train", "digits", "{folder}/pipe.pt/x"],
    ["train", "digits", "{folder}/x", "--states", "{folder}/pipe.pt", "--pool", "32"],
    ["evaluate", "{folder}/pipe.pt"],
    ["evaluate", "--json", "{folder}/pipe.pt/x"],
]


@pytest.mark.parametrize("command", BAD, ids=lambda command: " ".join(command)[:60])
def test_the_shell_says_it_in_a_line_before_any_work(tmp_path, command, capsys):
    pipe(tmp_path)
    started = time.monotonic()
    assert main([word.format(folder=tmp_path) for word in command]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and said[0].startswith("phenaki-viz: ")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.pt"]
    assert time.monotonic() - started < 60  # nothing waits for a pipe


def test_what_is_left_to_the_system_is_a_line_too(tmp_path, monkeypatch, capsys):
    from phenaki_viz.cli import inspect

    for error, words in (
        (OSError(28, "No space left on device", "/x/y"), "/x/y: No space left on device"),
        (MemoryError(), "not enough memory"),
        (no_memory(), "not enough memory"),
    ):

        def fail(options, error=error):
            raise error

        monkeypatch.setattr(inspect, "run", fail)
        assert main(["inspect", "x"]) == 1
        assert words in capsys.readouterr().err
    monkeypatch.setattr(inspect, "run", lambda options: torch.ones(2) @ torch.ones(3))
    with pytest.raises(RuntimeError, match="size"):  # another one is a fault of the program's
        main(["inspect", "x"])


def no_memory():
    """What PyTorch raises when the machine gives it no more."""
    with pytest.raises(RuntimeError) as told:
        torch.empty(2**50, dtype=torch.uint8)
    return told.value


def test_errors_of_reading_are_this_programs_own():
    assert issubclass(FileError, PhenakiVizError)


def test_a_clip_from_a_folder_with_a_pipe_in_it(tmp_path):
    from PIL import Image

    pipe(tmp_path)
    for at in range(2):
        Image.fromarray(np.full((8, 8), at * 40, np.uint8)).save(tmp_path / f"{at}.png")
    assert len(load_clip(tmp_path).frames) == 2


def test_no_more_is_made_room_for_than_a_file_has(tmp_path):
    """Python sets aside what is asked for; a damaged pickle asks for its word's length, 430 MB."""
    path = tmp_path / "small"
    path.write_bytes(bytes(range(200)) * 10)
    with open_file(path) as file:
        assert file.read(7) == bytes(range(7))
        tracemalloc.start()
        try:
            assert len(file.read(430_000_000)) == 1993
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()
        assert file.read(430_000_000) == b"" and file.seek(1999) == 1999
        assert file.read() == b"\xc7" and file.read(-1) == b""
