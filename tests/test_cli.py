import zipfile

import numpy as np
import pytest

from phenaki_viz.cli import main

SMALL = ["--heads", "3", "--depth", "2", "--dim", "32", "--dim-head", "8", "--size", "32"]


def test_export_writes_every_head_with_an_index(tmp_path, capsys):
    out = tmp_path / "heads.zip"
    assert main(["export", str(out), *SMALL, "--prompt", "two words", "--formats", "npz"]) == 0
    names = zipfile.ZipFile(out).namelist()
    assert (
        sum(name.endswith(".npz") for name in names) == 2 * 3 * 2
    )  # layers, heads, self and cross
    assert any(name.endswith("cross_L01_H02.npz") for name in names)
    assert "12 heads" in capsys.readouterr().err


def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(tmp_path, capsys):
    bad = tmp_path / "clip.gif"
    bad.write_text("words")
    assert main(["export", str(tmp_path / "x.zip"), "--clip", str(bad), *SMALL]) == 1
    assert "clip.gif is no clip" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "x.zip"), "--heads", "0"]) == 1
    assert "heads is 0" in capsys.readouterr().err
    assert not (tmp_path / "x.zip").exists()


def test_your_own_clip(tmp_path):
    clip = tmp_path / "clip.npy"
    np.save(clip, np.random.default_rng(0).integers(0, 256, (9, 40, 40), np.uint8))
    out = tmp_path / "own.zip"
    assert main(["export", str(out), "--clip", str(clip), *SMALL, "--formats", "csv"]) == 0


def test_a_command_is_needed():
    with pytest.raises(SystemExit):
        main([])
