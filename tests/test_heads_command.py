"""`phenaki-viz heads`: every head in the file with its figures, in words on the terminal."""

import csv

import numpy as np
import pytest

from phenaki_viz.analysis.head_columns import COLUMNS, value
from phenaki_viz.analysis.head_table import head_table
from phenaki_viz.cli import main
from phenaki_viz.export import read_provenance
from phenaki_viz.recording import Recording
from tests.analysis.planted_heads import cross_record, recording


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    planted = recording()
    planted.provenance = {"model": "by hand", "seed": 3}
    return planted.save(tmp_path_factory.mktemp("runs") / "run.safetensors")


def read_csv(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def test_every_number_of_every_head_is_in_the_file(run, tmp_path, capsys):
    out = tmp_path / "heads.csv"
    assert main(["heads", str(run), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "11 heads: " in said.out and "self L1 H1" in said.out
    assert "Reads “two” most (0.80 of its weight" in said.out
    rows, table = read_csv(out), head_table(recording())
    assert len(rows) == len(table) == 11
    for row, wanted in zip(rows, table, strict=True):
        assert (row["layer"], row["head"]) == (str(wanted.layer), str(wanted.head))
        for name in COLUMNS.keys() & row.keys():
            assert float(row[name]) == pytest.approx(value(wanted, name), abs=1e-5, nan_ok=True)
    assert rows[1]["named"] == "null keys" and rows[4]["named"] == "temporal"
    assert "follows" not in rows[0] and "entropy_half" not in rows[0]
    assert read_provenance(out)["seed"] == 3
    text = out.read_text(encoding="utf-8")
    assert "spatial: at least 50 % of the weight" in text.replace("50%", "50 %")
    assert "# column entropy " in text


def test_the_arrays_hold_the_same_numbers(run, tmp_path):
    out = tmp_path / "heads.npz"
    assert main(["heads", str(run), "--out", str(out), "--kind", "self"]) == 0
    with np.load(out) as found:
        assert str(found["kind"]) == "Table" and set(found["maps"]) == {"self"}
        assert found["same_patch"][1] == pytest.approx(1) and len(found["entropy"]) == 8
        assert found["named"][3] == "even"


def test_several_recordings_have_intervals(run, tmp_path, capsys):
    other = recording()
    other.records[1].map.attn[0, 0] = 1 / 62
    second = other.save(tmp_path / "second.safetensors")
    out = tmp_path / "heads.csv"
    assert main(["heads", str(run), str(second), "--out", str(out)]) == 0
    assert "of each of 2 clips; ± is the 95 % interval" in capsys.readouterr().out
    rows = read_csv(out)
    assert float(rows[3]["entropy_half"]) == pytest.approx(12.706 * np.log2(62) / 2, rel=1e-3)
    assert float(rows[4]["entropy_half"]) == pytest.approx(0, abs=1e-6)
    assert rows[3]["clips"] == "2"


def test_what_cannot_be_is_a_sentence(run, tmp_path, capsys):
    alone = Recording([cross_record()]).save(tmp_path / "cross.safetensors")
    for options, why in (
        ([str(run), "--out", "heads.doc"], "heads.doc ends in no format of a table: use .png"),
        ([str(run), "--stack", "encoder"], "no attention of this kind and stack"),
        ([str(tmp_path / "gone.safetensors")], "gone.safetensors"),
        ([str(run), str(alone)], "cross.safetensors is of other heads"),
    ):
        assert main(["heads", *options]) == 1
        assert why in capsys.readouterr().err
