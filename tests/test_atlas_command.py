"""`phenaki-viz atlas`: what it says, what it returns, what `phenaki-viz heads` makes of it."""

import csv

import pytest

from phenaki_viz.analysis.head_columns import half_width, value
from phenaki_viz.atlas.reading import read_atlas
from phenaki_viz.cli import atlas as command
from phenaki_viz.cli import main
from phenaki_viz.export import read_provenance
from tests.atlas.corpus import clips, weights


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return tmp_path_factory.mktemp("command")


@pytest.fixture(scope="module")
def line(room):
    """The command for a small model and its clips, without its --out."""
    return ["atlas", str(clips(room / "clips")), "--weights", str(weights(room)), "--part", "3"]


@pytest.fixture(scope="module")
def out(room, line):
    assert main([*line, "--out", str(room / "out"), "--sweep", "--masks", "1"]) == 0
    return room / "out"


def test_it_says_how_far_it_is_and_what_failed(room, line, capsys):
    assert main([*line, "--out", str(room / "said"), "--kind", "cross"]) == 0
    said = capsys.readouterr()
    assert "4 clips; 2 parts to make with 1 worker" in said.err
    assert "\r3 of 4 clips, 1 failed, " in said.err and " left" in said.err
    assert "\r4 of 4 clips, 1 failed, " in said.err
    assert "1 clip could not be measured:\n  a_broken.gif: " in said.out
    assert f"3 clips measured, 1 failed, in 2 parts: {room / 'said'}" in said.out
    assert main([*line, "--out", str(room / "said"), "--kind", "cross"]) == 0
    said = capsys.readouterr()
    assert "4 clips, 4 of them there already; 0 parts to make" in said.err
    assert "3 clips measured, 1 failed, in 2 parts" in said.out


def test_where_no_clip_can_be_measured_it_returns_1(room, line, tmp_path, capsys):
    (tmp_path / "no.gif").write_bytes(b"GIF89a")
    given = ["atlas", str(tmp_path), *line[2:], "--out", str(tmp_path / "out")]
    assert main(given) == 1
    assert "0 clips measured, 1 failed" in capsys.readouterr().out


def test_heads_reads_the_folder(out, tmp_path, capsys):
    table = tmp_path / "heads.csv"
    assert main(["heads", str(out), "--kind", "self", "--out", str(table)]) == 0
    said = capsys.readouterr().out
    assert "Atlas of 3 clips, weights " in said and "1 clip could not be measured: a_bro" in said
    assert "of each of 3 clips; ± is the 95 % interval" in said
    lines = table.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(one for one in lines if not one.startswith("#")))
    wanted = read_atlas(out).of_stack(kind="self")
    assert len(rows) == len(wanted) and {row["clips"] for row in rows} == {"3"}
    for row, one in zip(rows, wanted, strict=True):
        assert float(row["entropy"]) == pytest.approx(value(one, "entropy"), abs=1e-5)
        assert float(row["entropy_half"]) == pytest.approx(half_width(one, "entropy"), abs=1e-5)
    assert any(row["effect"] not in ("", "nan") for row in rows)
    assert read_provenance(table)["atlas"]["clips"] == 3
    assert main(["heads", str(out), "--stack", "nowhere"]) == 1
    assert "has no heads of this kind and stack" in capsys.readouterr().err
    assert main(["heads", str(out), str(out)]) == 1
    assert "an atlas is read alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--measures", "entropy,entropi"], "'entropi' is no measure: choose of entropy, "),
        (["--measures", ","], "--measures names none"),
        (["--masks", "3"], "give --sweep as well"),
        (["--workers", "2"], "serial is one; give --engine processes"),
        (["--address", "auto"], "--address is of a Ray cluster: serial has none"),
        (["--stack", "transformer"], "has no stack 'transformer': choose of cvivit.enc_spatial"),
        (["--kind", "cross"], "kind of maps (--kind): all there, cross now"),
    ],
)
def test_what_cannot_be_is_a_sentence(line, out, options, why, capsys):
    assert main([*line, "--out", str(out), *options]) == 1
    assert why in capsys.readouterr().err


def test_times_are_spoken():
    spoken = [command._spoken(seconds) for seconds in (40, 700, 12_600)]
    assert spoken == ["40 s", "12 min", "3.5 h"]
