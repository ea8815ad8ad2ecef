"""The README is true: its Python runs, its commands and files exist."""

import re
from pathlib import Path

from phenaki_viz.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_of_the_readme_runs(capsys):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict = {}
    exec(block, names)
    assert names["record"].map.full(0, 3).shape == (10, 10)
    assert "Price(bytes=" in capsys.readouterr().out


def test_the_commands_of_the_readme_are_targets_of_make():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets


def test_the_files_of_the_readme_exist():
    for name in re.findall(r"\(?((?:assets|\.ci)/[\w./]+)", README):
        assert (ROOT / name).exists(), name


def test_the_shell_command_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"`phenaki-viz (export [^`]*)`", README)
    arguments = [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', command)]
    assert main([*arguments, "--size", "32", "--dim", "32", "--formats", "npz"]) == 0
    assert (tmp_path / "heads.zip").is_file()
