"""Weight × ‖v W_O‖, and how much of the module's output a head writes."""

import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.analysis.writing import weight_map, writes_of
from phenaki_viz.recording import HeadMap, record
from tests.analysis.records import planted
from tests.recording.models import SmallVideo, inputs

ASKED = ("written",)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_the_map_is_the_weights_times_the_norms(storage):
    model = SmallVideo(models, causal=True).eval()
    with torch.inference_mode(), record(model, storage=storage, extras=ASKED) as recording:
        model(*inputs())
    head = HeadMap(recording.records[0], 1, 2)
    exact = head.record.map.full(1, 2) * head.record.written.values[1, 2]
    later = np.triu(np.ones((30, 30), bool), 1)
    found = weight_map(head, 30, written=True)
    np.testing.assert_allclose(found[~later], exact[~later], rtol=1e-5)
    assert np.isnan(found[later]).all()
    coarse = weight_map(head, 7, written=True)  # cells of 5 × 5
    assert coarse.shape == (6, 6)
    assert coarse[5, 0] == pytest.approx(exact[25:30, :5].mean(), rel=1e-5)


def silent(attention, head):
    """Take a head out of what the projection reads."""
    with torch.no_grad():
        attention.to_out.weight[:, 8 * head : 8 * head + 8] = 0


def test_a_head_alone_writes_all_of_it_and_a_silent_one_nothing():
    torch.manual_seed(0)
    attention = models.Attention(16, heads=3, dim_head=8).eval()
    silent(attention, 0), silent(attention, 2)
    with torch.inference_mode(), record(attention, extras=ASKED) as recording:
        attention(torch.randn(2, 9, 16))
    found = writes_of(HeadMap(recording.records[0], 1, 1))
    np.testing.assert_allclose(found.lengths, [0, 1, 0], atol=1e-5)
    assert (found.rank, found.queries, found.length) == (1, 9, pytest.approx(1))
    assert writes_of(HeadMap(recording.records[0], 1, 2)).rank == 2
    np.testing.assert_allclose(found.spreads, 0, atol=1e-5)


def test_what_was_not_recorded_is_not_made_up():
    older = HeadMap(planted(np.full((1, 1, 3, 3), 1 / 3)), 0, 0)
    assert older.value_norms is None and writes_of(older) is None
    assert weight_map(older, 3, written=True) is None
