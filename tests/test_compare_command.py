"""`phenaki-viz compare`: how far every head moved, the difference as a picture, or why not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki_viz.analysis.comparing import compare
from phenaki_viz.cli import main
from phenaki_viz.export import read_provenance
from phenaki_viz.recording import DenseMap, Recording
from tests.analysis.planted_heads import SELF, cross_record, recording, self_record
from tests.test_heads_command import read_csv

UNIFORM = SELF.index("uniform")


def changed():
    """The same heads, but the uniform one reads one key, and the text begins with another word."""
    cross, mine = cross_record(), self_record()
    attn = mine.map.attn.clone()
    attn[0, UNIFORM] = torch.eye(62)[3]
    return Recording(
        [replace(cross, words=("seven", *cross.words[1:])), replace(mine, map=DenseMap(attn))],
        {"bias": mine.position},
        provenance={"model": "by hand", "seed": 4},
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    planted = recording()
    planted.provenance = {"model": "by hand", "seed": 3}
    return planted.save(folder / "a.safetensors"), changed().save(folder / "b.safetensors")


def test_the_head_that_was_changed_is_named_and_every_head_is_in_the_file(runs, tmp_path, capsys):
    out = tmp_path / "heads.csv"
    assert main(["compare", *map(str, runs), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"L1 H{UNIFORM} changes most: JS distance 0.9" in said
    assert "the median of 8 heads is 0.000 (over 60 queries)" in said
    assert "not compared: maskgit.transformer, cross: Their keys are other words: “two” and" in said
    rows = read_csv(out)
    found = compare(*(Recording(one.records) for one in (recording(), changed())))
    assert len(rows) == len(found.rows) == len(SELF)
    for row, wanted in zip(rows, found.rows, strict=True):
        assert (row["maps"], row["head"]) == ("self", str(wanted.head))
        assert float(row["distance"]) == pytest.approx(wanted.mean, abs=1e-6)
        assert row["queries"] == "60"
    assert read_provenance(out)["seed"] == 3
    text = out.read_text(encoding="utf-8")
    assert "not compared: maskgit.transformer" in text and "b.safetensors" in text


def test_by_place_words_lie_on_words(runs, tmp_path, capsys):
    out = tmp_path / "heads.npz"
    command = ["compare", *map(str, runs), "--by-place", "--kind", "cross", "--out", str(out)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "No head changes: every row is the same in A and B" in said
    assert "laid word for word, by their place: “seven” lies on “two”" in said
    with np.load(out) as found:
        assert set(found["maps"]) == {"cross"} and not found["distance"].any()


def test_a_folder_gets_tables_and_the_difference_of_the_head_that_moved_most(runs, tmp_path):
    folder = tmp_path / "found"
    assert main(["compare", *map(str, runs), "--out", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {"heads.csv", "heads.npz", "difference.png"}
    assert read_provenance(folder / "difference.png")["head"] == UNIFORM


def test_the_picture_holds_b_minus_a_of_the_head_that_is_asked_for(runs, tmp_path):
    for head in (f"self L1 H{UNIFORM}", "L1 H0"):
        out = tmp_path / "difference.npz"
        assert main(["compare", *map(str, runs), "--picture", str(out), "--head", head]) == 0
        with np.load(out) as found:
            values = found["values"]
        wanted = np.zeros((60, 62)) if head == "L1 H0" else np.eye(62)[[3] * 60] - 1 / 62
        np.testing.assert_allclose(values, wanted, atol=1e-6)
    provenance = read_provenance(out)
    assert provenance["shows"] == "difference B − A" and provenance["b_provenance"]["seed"] == 4


def test_steps_and_passes_of_one_recording_are_compared(tmp_path, capsys):
    first, last = self_record(), changed().records[1]
    run = Recording([
        replace(first, step=0, branch="conditional", forward=0, call=0),
        replace(last, step=0, branch="unconditional", forward=1, call=1),
        replace(last, step=1, branch="conditional", forward=2, call=2),
    ], {"bias": first.position}).save(tmp_path / "steps.safetensors")  # fmt: skip
    twice = ["compare", str(run), str(run)]
    assert main([*twice, "--a-step", "1", "--b-step", "2"]) == 0
    said = capsys.readouterr().out
    assert f"L1 H{UNIFORM} changes most" in said and "B: steps.safetensors" in said
    assert main([*twice, "--a-step", "1", "--b-step", "1", "--b-pass", "without the text"]) == 0
    assert f"L1 H{UNIFORM} changes most" in capsys.readouterr().out
    assert main([*twice, "--a-pass", "without the text"]) == 0
    assert "No head changes" in capsys.readouterr().out
    for options, why in (
        (["--b-step", "3"], "steps.safetensors has no decoding step 3: there are 2"),
        (["--a-pass", "critic"], "no pass 'critic': there are with the text, without the text"),
    ):
        assert main([*twice, *options]) == 1
        assert why in capsys.readouterr().err


def test_what_cannot_be_is_a_sentence(runs, tmp_path, capsys):
    a, b = map(str, runs)
    for options, why in (
        ([a, b, "--out", "heads.png"], "heads.png is no table: use .csv, .npz or a folder"),
        ([a, b, "--picture", "one.txt"], "one.txt ends in no format of a picture: use .png"),
        ([a, b, "--kind", "cross"], "other words: “two” and “seven”. With --by-place"),
        ([a, b, "--stack", "encoder"], "A has no attention of this kind and stack"),
        ([a, b, "--picture", str(tmp_path / "x.png"), "--head", "L9 H9"], "no head 'L9 H9' was"),
        ([a, str(tmp_path / "gone.safetensors")], "gone.safetensors"),
    ):
        assert main(["compare", *options]) == 1
        said = capsys.readouterr()
        assert why in said.err and "Traceback" not in said.err
