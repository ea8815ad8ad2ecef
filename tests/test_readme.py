"""The README is true: its Python runs, its commands and files exist."""

import re
from pathlib import Path

import numpy as np

from phenaki_viz.cli import main
from phenaki_viz.runs.files import open_recording

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(block, names)
    exact = names["record"].map.full(0, 3)
    assert exact.shape == (10, 10) and names["same"].storage == "factored"
    np.testing.assert_allclose(names["same"].full(0, 3), exact, rtol=0, atol=1e-5)
    assert "Estimate(bytes=" in capsys.readouterr().out


def test_the_commands_of_the_readme_are_targets_of_make():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets


def test_the_files_of_the_readme_exist():
    for name in re.findall(r"\(?((?:assets|\.ci|benchmarks)/[\w./]+)", README):
        assert (ROOT / name).exists(), name


def test_the_shell_commands_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"`phenaki-viz (record [^`]*)`", README)
    assert main(words(command)) == 0
    assert len(open_recording(tmp_path / "run.safetensors").recording) == 16
    dialled, picked, linked = re.findall(r"`phenaki-viz (export [^`]*)`", README)
    assert main([*words(dialled), "--size", "32", "--dim", "32", "--formats", "npz"]) == 0
    assert (tmp_path / "heads.zip").is_file()
    assert main(words(picked)) == 0
    assert (tmp_path / "head.pdf").is_file()
    assert main(words(linked)) == 0
    assert (tmp_path / "look.html").stat().st_size > 100_000


def words(command):
    return [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', command)]
