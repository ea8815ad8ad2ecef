"""`phenaki-viz sweep`: the costliest heads printed, every figure in the file, no option idle."""

import csv

import numpy as np
import pytest

from phenaki_viz.checkpoints.native import save_model
from phenaki_viz.cli import main
from phenaki_viz.models.configs import PhenakiConfig
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
        assert {"y_0", "spread_0", "x_labels", "made_by"} <= set(found)
    assert swept(weights, films, tmp_path / "h.png") == 0
    assert (tmp_path / "h.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["out.txt"], "ends in no format"),
        (["--prompt", "two"], "give --clip as well"),
        (["--clips", "99"], "13 come with the project"),
        (["--clip", "x.npy"], "1 --clip and 0 --prompt"),
        (["--clip", "x.npy", "--prompt", "a", "--clips", "2"], "--clip names yours"),
        (["--masked", "0"], "use more than 0"),
    ],
)
def test_what_would_do_nothing_or_cannot_be_is_a_sentence(options, why, capsys):
    assert main(["sweep", *options]) == 1
    assert why in capsys.readouterr().err
