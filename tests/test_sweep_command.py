"""`phenaki-viz sweep`: the costliest heads printed, every figure in the file, no option idle."""

import csv
import json

import numpy as np
import pytest

from phenaki_viz.checkpoints.native import save_model
from phenaki_viz.cli import main
from phenaki_viz.evaluation.effects import layers_of
from phenaki_viz.models.configs import PhenakiConfig
from phenaki_viz.recording.interventions import (
    DropText,
    ScalePosition,
    TransferMap,
    from_plain,
    to_json,
)
from tests.checkpoints.files import CVIVIT, MASKGIT, WORDS
from tests.runs.trained import phenaki


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "phenaki.safetensors"
    save_model(path, phenaki(), PhenakiConfig(cvivit=CVIVIT, maskgit=MASKGIT, text=WORDS))
    return path


@pytest.fixture
def films(tmp_path):
    paths = []
    for at in range(2):
        paths.append(tmp_path / f"film{at}.npy")
        noise = np.random.default_rng(at).integers(0, 256, (5, 16, 16, 1), np.uint8)
        np.save(paths[-1], noise)
    return paths


def swept(weights, films, *more):
    clips = [word for film in films for word in ("--clip", str(film), "--prompt", "a b")]
    return main(["sweep", *map(str, more), "--weights", str(weights), *clips])


def test_every_head_is_in_the_file_and_the_costliest_are_told(weights, films, tmp_path, capsys):
    out = tmp_path / "heads.csv"
    assert swept(weights, films, out, "--masks", "2") == 0
    said = capsys.readouterr().out
    assert "the loss rises most" in said and "2 clips × 2 masks, 90 % of the tokens masked" in said
    lines = [line for line in out.read_text().splitlines() if not line.startswith("#")]
    header, *rows = csv.reader(lines)
    assert header[-2:] == ["spread", "label"]
    kinds = {"self", "cross"}
    assert {row[0] for row in rows} == kinds and len({row[-1] for row in rows}) == len(rows)
    heads = sum(
        module.heads
        for name, module in phenaki().maskgit.named_modules()
        if hasattr(module, "to_kv")
    )
    assert len(rows) == heads


def test_pictures_and_arrays_hold_the_same(weights, films, tmp_path):
    assert swept(weights, films, tmp_path / "h.npz") == 0
    with np.load(tmp_path / "h.npz") as found:
        assert {"y_0", "spread_0", "x_labels", "provenance"} <= set(found)
    assert swept(weights, films, tmp_path / "h.png") == 0
    assert (tmp_path / "h.png").read_bytes().startswith(b"\x89PNG")


def test_layers_and_their_intervals_as_json(weights, films, tmp_path, capsys):
    assert swept(weights, films, tmp_path / "layers.json", "--layers") == 0
    found = json.loads((tmp_path / "layers.json").read_text())
    assert found["trials"] == 4 and found["mask_seeds"] == [0, 1]
    modules = [one["module"] for one in found["effects"]]
    assert len({*modules}) == len(modules) == len(layers_of(phenaki()))
    for one in found["effects"]:
        rise = one["rise"]
        assert one["head"] is None and rise["low"] < rise["mean"] < rise["high"]
        assert 0 <= one["moved"]["mean"] <= 1 and one["divergence"]["mean"] >= 0
    assert f"Without {found['effects'][0]['name']} the loss" in capsys.readouterr().out


def test_interventions_of_a_file_are_measured_together(weights, films, tmp_path, capsys):
    given = (DropText(), ScalePosition(factor=0.0, module="maskgit"))
    (tmp_path / "changes.json").write_text(to_json(given))
    out = tmp_path / "change.json"
    assert swept(weights, films, out, "--interventions", tmp_path / "changes.json") == 0
    found = json.loads(out.read_text())
    assert from_plain(found["interventions"]) == given and found["divergence"]["mean"] > 0
    said = capsys.readouterr().out
    assert said.startswith("No text and position bias × 0: ") and "tokens that change" in said


def test_maps_of_a_clip_and_of_a_recording_are_put_in(weights, films, tmp_path, capsys):
    """The recording is of the very run that the clip is asked for: both are worth the same."""
    from phenaki_viz.data import read_prompt, shipped_clip
    from phenaki_viz.evaluation.transfers import options_of
    from phenaki_viz.runs.files import save_recording
    from phenaki_viz.runs.model import run_model

    name = "maskgit.transformer.layers.0.1"
    clip = TransferMap(module=name, head=1, clip="seven moving right", prompt="left", seed=3)
    run = run_model(
        phenaki(), shipped_clip(clip.clip), read_prompt("left"), options_of(phenaki(), clip)
    )
    save_recording(tmp_path / "run.safetensors", run)
    of_file = TransferMap(module=name, head=1, recording="run.safetensors")
    found = []
    for given, more in (([clip], ()), ([of_file], ("--maps-from", tmp_path / "run.safetensors"))):
        (tmp_path / "c.json").write_text(to_json(given))
        out = tmp_path / "out.json"
        frames = ["--clips", "2", "--weights", str(weights), *map(str, more)]
        command = ["sweep", str(out), "--interventions", str(tmp_path / "c.json"), *frames]
        assert main(command) == 0, capsys.readouterr().err
        found.append(json.loads(out.read_text()))
    first, second = (one["interventions"][0]["digest"] for one in found)
    assert first == second and len(first) == 64
    assert found[0]["rise"] == found[1]["rise"] and found[0]["moved"]["mean"] > 0
    said = capsys.readouterr().out
    assert "Self L0 H1 with the map of “seven moving right” with “left”, seed 3" in said


@pytest.mark.parametrize(
    ("content", "more", "why"),
    [
        ("[]", [], "holds no change"),
        ('[{"do": "x"}]', [], "nothing is called 'x'"),
        ('[{"do": "drop text"}]', ["out.csv"], "ends in no format: use .json"),
        ('[{"do": "drop text"}]', ["--layers"], "--layers is of the sweep"),
        (
            '[{"do": "transfer map", "module": "maskgit.transformer.layers.0.1", "clip": "none"}]',
            [],
            "no clip 'none' comes with the project",
        ),
        (
            '[{"do": "transfer map", "module": "maskgit.transformer.layers.0.1", '
            '"recording": "a.safetensors"}]',
            [],
            "recording a.safetensors is not open here",
        ),
    ],
)
def test_a_file_that_holds_no_changes_is_a_sentence(content, more, why, tmp_path, capsys):
    (tmp_path / "c.json").write_text(content)
    assert main(["sweep", *more, "--interventions", str(tmp_path / "c.json")]) == 1
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["out.txt"], "ends in no format"),
        (["--prompt", "two"], "give --clip as well"),
        (["--clips", "99"], "13 come with the project"),
        (["--clip", "x.npy"], "1 --clip and 0 --prompt"),
        (["--clip", "x.npy", "--prompt", "a", "--clips", "2"], "--clip names yours"),
        (["--masked", "0"], "use more than 0"),
        (["--maps-from", "a.safetensors"], "--maps-from is of --interventions"),
    ],
)
def test_what_would_do_nothing_or_cannot_be_is_a_sentence(options, why, capsys):
    assert main(["sweep", *options]) == 1
    assert why in capsys.readouterr().err
