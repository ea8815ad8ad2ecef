"""Queries and keys that are had afterwards make the recorded map, term by term."""

import numpy as np
import pytest
import torch

from phenaki_viz.analysis.ledger import row_ledger
from phenaki_viz.data import read_prompt
from phenaki_viz.errors import ConfigError, RecordingError
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording import Product
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.projections import with_projections
from phenaki_viz.runs.run import Run
from tests.runs.trained import clip, phenaki

OFF = Switches(off=frozenset({("maskgit.transformer.layers.0.1", 1)}))


def dialled():
    config = DialConfig(
        heads=3, depth=2, dim=24, dim_head=5, frames=3, height=16, width=24, patch=8,
        temporal_patch=2, layout="factorised", cross=False,
    )  # fmt: skip
    return run_dialled(config, clip(3, 24), read_prompt(""))


RUNS = {
    "looked": lambda: run_model(phenaki(), clip(), read_prompt("left right"), RunOptions(frames=3)),
    "a head off": lambda: run_model(
        phenaki(), clip(), read_prompt("left"), RunOptions(frames=3, switches=OFF, seed=3)
    ),
    "dialled": dialled,
}


@pytest.mark.parametrize("name", RUNS)
def test_every_stored_map_gets_the_queries_and_keys_that_made_it(name):
    run = RUNS[name]()
    model = find_model(run)
    for call in run.recording:
        assert call.map.storage == "dense" and call.queries is None
        whole = with_projections(run, model, call)
        head, item = call.map.shape[1] - 1, call.map.shape[0] - 1
        row = row_ledger(whole.head(head, item), call.map.shape[2] - 1)
        assert isinstance(row.terms.content, Product)
        visible = row.visible
        np.testing.assert_allclose(row.terms.weights[0][visible], row.weights[visible], atol=1e-5)
        key = int(np.flatnonzero(visible)[-1])
        found = row.of(key)
        assert found.dimensions.sum() == pytest.approx(found.apart["content"], abs=1e-5)
    assert not any(call.queries is not None for call in run.recording)


def test_another_map_is_refused_and_so_is_a_run_that_cannot_be_had_again():
    run = RUNS["looked"]()
    model = find_model(run)
    call = run.recording["maskgit.transformer.layers.0.1"]
    weight = model.maskgit.transformer.layers[0][1].to_q.weight
    before = weight.detach().clone()
    with torch.no_grad():
        weight.mul_(-3)
    try:
        with pytest.raises(RecordingError, match="did not give the same map again"):
            with_projections(run, model, call)
    finally:
        with torch.no_grad():
            weight.copy_(before)
    other = Run(clip=run.clip, prompt=run.prompt, recording=run.recording, temporal_patch=2,
                seconds=0)  # fmt: skip
    with pytest.raises(ConfigError, match="only one look at a model"):
        with_projections(other, model, call)
