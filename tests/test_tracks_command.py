"""`phenaki-viz tracks`: the planted follower is found, drawn, written; the rest is a sentence."""

import csv

import numpy as np
import pytest

from phenaki_viz.cli import main
from phenaki_viz.export import read_provenance
from tests.analysis.planted_heads import PATH, recording

BY_HAND = [
    part for t, (r, c) in enumerate(PATH) for part in ("--path", f"{t},{r},{c}")
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return str(recording().save(tmp_path_factory.mktemp("runs") / "run.safetensors"))


def test_the_follower_is_first_and_its_path_is_in_the_file(run, tmp_path, capsys):
    out = tmp_path / "new" / "tracks.csv"
    assert main(["tracks", run, *BY_HAND, "--out", str(out)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(
        "From the object at time 1, L1 H6 finds it again in 2 of 2 other time steps (chance 0.25; "
        "none of 8 heads finds more)"
    )
    assert len(said) == 1 + 8 and said[1 + 6].split() == [
        "L1", "H6", "in", "2", "of", "2", "(chance", "0.25),", "sure", "1.00", "(0.05", "even):",
        "0:", "0,1", "2:", "3,4",
    ]  # fmt: skip
    lines = [one for one in out.read_text("utf-8").splitlines() if not one.startswith("#")]
    rows = [one for one in csv.DictReader(lines) if one["head"] == "L1 H6"]
    assert [(one["row"], one["column"]) for one in rows] == [("0", "1"), ("1", "2"), ("3", "4")]
    assert [one["hit"] for one in rows] == ["1", "", "1"]
    assert read_provenance(out)["heads"][0] == "L1 H6"


def test_heads_patch_and_direction_are_asked_for(run, tmp_path, capsys):
    out = tmp_path / "tracks.npz"
    options = ["--patch", "2,3,1", "--heads", "l1h7, L1 H1", "--to", "--out", str(out)]
    assert main(["tracks", run, *options]) == 0
    assert "Who looks at time 2, row 3, column 1 most: L1 H1" in capsys.readouterr().out
    with np.load(out) as found:
        assert found["heads"].tolist() == ["L1 H7", "L1 H1"] and "true_path" not in found
        assert found["places"][1].tolist() == [[3, 1]] * 3
    svg = tmp_path / "tracks.svg"
    assert main(["tracks", run, "--patch", "2,3,1", "--heads", "L1H1", "--out", str(svg)]) == 0
    assert svg.read_bytes().startswith(b"<?xml")


def test_a_words_readers_are_followed(run, capsys):
    assert main(["tracks", run, "--word", "two", *BY_HAND, "--object", "two"]) == 0
    said = capsys.readouterr().out
    # Each reads it alike in all patches of a step, so nowhere most.
    assert "read “two” most where the two is in 0 of 3" in said and said.count("\n") == 1 + 3


def test_what_cannot_be_is_a_sentence(run, capsys):
    for options, why in (
        ([], "a track of which patch? Say --patch"),
        (["--patch", "3,0,0"], "place (3, 0, 0) is outside the grid"),
        (["--patch", "0,0,0", "--path", "0,9,0"], "place (0, 9, 0) is outside the grid"),
        (["--patch", "0,0,0", "--heads", "L9H9"], "no head L9 H9 among these 8"),
        (["--patch", "0,0,0", "--heads", ",".join(["L1H1"] * 6)], "at most 5"),
        (["--word", "seven"], "no key 'seven': there are null 1, null 2, two, moving, right"),
        (["--patch", "0,0,0", "--object", "two"], "the path of 'two' is not known"),
        (["--patch", "0,0,0", "--stack", "encoder"], "'encoder' has no attention to patches"),
        (["--patch", "0,0,0", "--out", "tracks.doc"], "tracks.doc ends in no format"),
    ):
        assert main(["tracks", run, *options]) == 1
        assert why in capsys.readouterr().err
    for wrong in (["--patch", "1,2"], ["--heads", "3"]):
        with pytest.raises(SystemExit):
            main(["tracks", run, *wrong])
