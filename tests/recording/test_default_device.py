"""Tensors of a recording are on its own devices, whatever PyTorch makes others on unless told.

`torch.set_default_device("cuda")` is common; "meta" stands in for it, and forgives nothing.
"""

import numpy as np
import pytest
import torch

from phenaki_viz import record
from phenaki_viz.analysis.head_table import head_table
from phenaki_viz.recording.interventions import (
    CutEdges,
    ScaleAlibi,
    ScaleAttention,
    ZeroHead,
    intervened,
)
from tests.recording.calls import TOKENS, guided_steps, transformer

SHAPE = {"video_shape": (2, 3, 2, 2)}
CHANGED = (
    ZeroHead(module="layers.0.1", head=1),
    ScaleAlibi(factor=0.5),
    ScaleAttention(factor=2.0),
    CutEdges(reads="own step", module="layers.1.1", step=2),
)


@pytest.fixture
def elsewhere():
    def make():
        torch.set_default_device("meta")

    yield make
    torch.set_default_device(None)


@torch.no_grad()
def recorded(model, storage):
    with record(model, storage=storage, extras=("queries", "keys", "values")) as recording:
        model(TOKENS, **SHAPE)
    return recording


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_models_are_recorded_and_changed(elsewhere, storage):
    model = transformer(causal=True, peg=True)
    plain = recorded(model, storage)
    with intervened(model, CHANGED):
        changed = recorded(model, storage)
    elsewhere()
    with intervened(model, CHANGED):
        again = recorded(model, storage)
    for one, other in zip((*plain, *changed), (*recorded(model, storage), *again), strict=True):
        assert other.verification.verdict == "passed"
        np.testing.assert_allclose(other.map.full(1, 2), one.map.full(1, 2), atol=1e-6)


def looked_at(recording):
    head = recording[1].head(2, 1)
    yield head.hidden((0, 5), (0, 5))
    yield head.visible([3])
    yield from (values for _, values in head.terms([2, 5]))
    yield from recording[0].hidden_by(0, (0, 2), (0, 3))
    yield from (row.clips[0].tally.total for row in head_table(recording).rows)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_recordings_are_looked_at(elsewhere, storage, tmp_path):
    causal, guided = recorded(transformer(causal=True, peg=True), storage), guided_steps()
    seen = list(looked_at(causal))
    elsewhere()
    for one, other in zip(looked_at(causal), seen, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    for recording in (causal, guided):
        assert recording.figure().rendered("png") and recording._repr_html_()
        assert len(recording.save(tmp_path / "run.safetensors").read_bytes()) > 1000
