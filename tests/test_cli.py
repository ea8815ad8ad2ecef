import argparse
import json
import os
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from phenaki_viz.cli import main
from phenaki_viz.cli.commands import COMMANDS
from phenaki_viz.data import SHIPPED_MODEL
from phenaki_viz.runs.files import open_recording
from tests.checkpoints.files import MASKGIT, tensors, weights

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


@pytest.mark.parametrize("weights", [[], ["--weights", "trained"]])
def test_record_writes_a_file_that_opens(tmp_path, capsys, monkeypatch, weights):
    out = tmp_path / "run.safetensors"
    model = weights or SMALL  # the dials are refused beside weights
    command = ["record", str(out), "--prompt", "two words", "--storage", "factored", *model]
    assert main(command) == 0
    run = open_recording(out)
    assert len(run.recording) == (16 if weights else 4)
    assert "recomputed where shown" in capsys.readouterr().err
    started = []
    monkeypatch.setattr(
        "phenaki_viz.cli.app.run", lambda options: started.append(options.port) or 0
    )
    monkeypatch.setenv("PHENAKI_VIZ_RECORDING", "")
    assert main(["open", str(out), "--port", "8600"]) == 0
    assert started == [8600] and os.environ["PHENAKI_VIZ_RECORDING"] == str(out)
    out.write_bytes(b"no recording")
    assert main(["open", str(out)]) == 1
    assert "run.safetensors cannot be opened" in capsys.readouterr().err and len(started) == 1


def test_a_command_is_needed():
    with pytest.raises(SystemExit):
        main([])


def test_inspect_says_what_a_file_holds(tmp_path, capsys):
    path = tmp_path / "maskgit.safetensors"
    path.write_bytes(tensors(weights(MASKGIT)))
    assert main(["inspect", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("maskgit.safetensors: MaskGit")
    assert "heads = 2  (inferred: " in said
    path.write_bytes(b"not a model")
    assert main(["inspect", str(path)]) == 1
    assert "neither safetensors nor" in capsys.readouterr().err


def test_train_writes_a_file_goes_on_and_can_be_evaluated(tmp_path, capsys, monkeypatch):
    out, states = tmp_path / "digits.safetensors", tmp_path / "states"
    short = ["--tokenizer-steps", "2", "--maskgit-steps", "2", "--pool", "32"]
    command = ["train", "digits", str(out), "--states", str(states), *short]
    assert main(command) == 0
    first = out.read_bytes()
    said = capsys.readouterr().err
    assert "C-ViViT: 2 of 2" in said and "MaskGit: 2 of 2" in said
    assert main(command) == 0  # everything is done: the same file again
    assert len(out.read_bytes()) == len(first) < 5_000_000
    report = tmp_path / "figures.json"
    evaluation = ["evaluate", str(out), "--captions", "5", "--clips", "4", "--json", str(report)]
    evaluation += ["--judge-clips", "40"]
    assert main(evaluation) == 0
    assert "| reconstruction R² | ≥ .93 |" in capsys.readouterr().out
    figures = json.loads(report.read_text())
    assert set(figures) == {"trained", "untrained"}
    assert figures["trained"]["one"]["captions"] == 5


def test_only_a_whole_phenaki_with_words_is_evaluated(tmp_path, capsys):
    path = tmp_path / "maskgit.safetensors"
    path.write_bytes(tensors(weights(MASKGIT)))
    assert main(["evaluate", str(path)]) == 1
    assert "not a whole Phenaki with its own words" in capsys.readouterr().err


def test_ctrl_c_stops_a_training_and_saves(tmp_path, capsys, monkeypatch):
    from phenaki_viz.training import stages

    advance = stages.TokenizerTrainer.advance

    def interrupted(self):
        loss = advance(self)
        os.kill(os.getpid(), signal.SIGINT)
        return loss

    monkeypatch.setattr(stages.TokenizerTrainer, "advance", interrupted)
    out = tmp_path / "x.safetensors"
    command = ["train", "digits", str(out), "--states", str(tmp_path / "s")]
    assert main([*command, "--tokenizer-steps", "3"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["cvivit-0000001.pt"]
    assert not out.exists()


INTERRUPTED = """
import sys

class Stopping:
    def find_spec(self, name, *_):
        if name == {name!r}:
            sys.meta_path.remove(self)
            raise KeyboardInterrupt

sys.meta_path.insert(0, Stopping())
from phenaki_viz.cli import main
sys.exit(main(["inspect", "nothing.pt"]))
"""


@pytest.mark.parametrize("name", ["phenaki_viz.cli.export", "numpy", "torch"])
def test_ctrl_c_while_something_is_imported_is_one_line(name):
    """PyTorch passes over one that comes while it imports NumPy, of which half is left then."""
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(name=name)], capture_output=True, text=True
    )
    # By the signal itself where Python was in the middle of `exec`; a shell says 130 of both.
    assert ended.returncode in (130, -signal.SIGINT)
    assert ended.stderr.split() == ["phenaki-viz:", "stopped"]


def test_ctrl_c_ends_the_app_in_one_line(capsys, monkeypatch):
    import click
    from streamlit.web import cli

    def stopped(standalone_mode):
        raise click.Abort

    monkeypatch.setattr(cli, "main", stopped)
    monkeypatch.setattr(sys, "argv", [])
    assert main(["app"]) == 130
    assert capsys.readouterr().err.split() == ["phenaki-viz:", "stopped"]


def test_a_reader_that_has_seen_enough_is_no_error():
    command = [sys.executable, "-m", "phenaki_viz.cli", "inspect", str(SHIPPED_MODEL)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 1


def test_a_closed_output_is_no_error(capsys, monkeypatch):
    """As a service has it, or `>&-`: Python has no stream then."""
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["inspect", str(SHIPPED_MODEL)]) == 0
    assert capsys.readouterr().err == ""


def test_inspect_says_what_a_recording_holds(tmp_path, capsys):
    out = tmp_path / "run.safetensors"
    assert main(["record", str(out), "--prompt", "two words", *SMALL]) == 0
    capsys.readouterr()
    assert main(["inspect", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("run.safetensors: a recording of 4 attention maps")
    assert "random weights (seed 0), not trained" in said and "prompt: two words" in said
    assert "2 layers × 3 heads, 80 queries × 4 keys" in said, said


def test_one_layer_of_one_head_is_told_in_the_singular(tmp_path, capsys):
    out = str(tmp_path / "one.safetensors")
    small = ["--heads", "1", "--depth", "1", "--dim", "32", "--size", "16", "--frames", "1"]
    assert main(["record", out, *small, "--prompt", "two"]) == 0
    assert main(["inspect", out]) == 0
    said = capsys.readouterr().out
    assert "1 layer × 1 head, 4 queries × 3 keys" in said and ", 1 frame of 16 × 16" in said


def test_every_option_with_a_default_says_it():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for command in COMMANDS:
        command.add(commands)
    silent = [
        f"{name} {action.option_strings[0]}"
        for name, one in commands.choices.items()
        for action in one._actions
        if action.option_strings and action.default not in (None, False, argparse.SUPPRESS, [])
        if "default" not in (action.help or "")
    ]
    assert not silent
