"""The table of a GPU is made in minutes that are lent: what makes it is tried here, on the CPU."""

import json

import pytest
import torch

from benchmarks import gpu


@pytest.fixture
def stand_in(monkeypatch):
    """A CPU that answers where a GPU is asked; what it answers are no figures."""
    answers = {
        "is_available": True, "get_device_name": "a stand-in", "synchronize": None,
        "reset_peak_memory_stats": None, "memory_allocated": 0, "max_memory_allocated": 2**30,
    }  # fmt: skip
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, lambda *_, answer=answer: answer)
    model_on = gpu._model
    monkeypatch.setattr(gpu, "_model", lambda n, device: model_on(n, "cpu"))
    monkeypatch.setattr(gpu, "ROUNDS", dict.fromkeys(gpu.ROUNDS, 2))
    monkeypatch.setattr(gpu, "_launched", lambda call: len(call().shape))  # no profiler of a GPU


def test_every_figure_of_the_table_is_made(stand_in, tmp_path):
    found = gpu.main(["--tokens", "576", "--no-tests", "--out", str(tmp_path)])
    assert json.loads((tmp_path / "gpu.json").read_text()) == found
    (row,) = found["rows"]
    assert row["n"] == 576 and row["factored / nothing"] > 0 and row["kept GB"] < 0.02
    for figure, value in found["agreement"].items():
        assert value < 1e-5, figure
    assert found["reading"]["tokens"] == 576
    table = (tmp_path / "gpu.md").read_text()
    assert "| 576 |" in table and "s for the thumbnails of all 48 heads" in table


def test_without_a_gpu_it_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="needs a GPU that PyTorch sees"):
        gpu.main([])
