"""Laws of attention rollout, on planted maps and on a model's, dense and factored."""

import numpy as np
import pytest
import torch

from phenaki_viz.analysis.rollout import REASON, rollout
from phenaki_viz.errors import RecordingError
from phenaki_viz.models import Transformer
from phenaki_viz.recording import record
from tests.analysis.records import planted

N = 7


def drawn(seed, nulls=0, heads=3):
    noise = np.random.default_rng(seed).random((2, heads, N, N + nulls))
    attn = noise / noise.sum(axis=-1, keepdims=True)
    return planted(attn, num_null_kv=nulls)


def by_hand(records, item):
    """The product of whole matrices, with null keys as tokens that keep what they have."""
    nulls = records[0].num_null_kv
    total = np.eye(N + nulls)
    for one in records:
        mean = np.stack([one.map.full(item, head) for head in range(one.map.shape[1])]).mean(axis=0)
        step = np.vstack((np.eye(N + nulls)[:nulls], mean))
        stays = np.eye(N + nulls)
        total = np.vstack((stays[:nulls], (step / 2 + stays / 2)[nulls:])) @ total
    return total[nulls:]


@pytest.mark.parametrize("nulls", [0, 2])
@pytest.mark.parametrize("layers", [1, 4])
def test_it_is_the_product_over_the_layers(layers, nulls):
    records = [drawn(seed, nulls) for seed in range(layers)]
    found = rollout(records, [1] * layers)
    np.testing.assert_allclose(found, by_hand(records, 1), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert found.dtype == np.float32 and (found >= 0).all()


def test_some_queries_are_rows_of_all():
    records = [drawn(seed) for seed in range(3)]
    np.testing.assert_allclose(
        rollout(records, [0, 1, 0], [5, 0]), rollout(records, [0, 1, 0])[[5, 0]], atol=1e-7
    )


def test_order_of_heads_does_not_matter_and_order_of_layers_does():
    one, two = drawn(0), drawn(1)
    heads = [one.map.full(0, head) for head in (2, 1, 0)]
    turned, straight = planted(np.stack(heads)[None]), rollout([one, two], [0, 0])
    np.testing.assert_allclose(straight, rollout([turned, two], [0, 0]), atol=1e-7)
    assert np.abs(rollout([one, two], [0, 0]) - rollout([two, one], [0, 0])).max() > 1e-3


def test_a_head_that_looks_one_step_back_spreads_binomially():
    back = np.eye(N, k=-1)
    back[0, 0] = 1
    records = [planted(back[None, None])] * 3
    last = rollout(records, [0] * 3)[-1]
    np.testing.assert_allclose(last[-4:], np.array([1, 3, 3, 1]) / 8, atol=1e-7)
    same = rollout([planted(np.eye(N)[None, None])] * 5, [0] * 5)
    np.testing.assert_array_equal(same, np.eye(N, dtype=np.float32))


@pytest.mark.parametrize("causal", [True, False])
def test_stored_maps_and_maps_by_parts_say_the_same(causal):
    torch.manual_seed(0)
    model = Transformer(12, depth=4, heads=3, dim_head=4, causal=causal).eval()
    x, found = torch.randn(2, N, 12), {}
    for storage in ("dense", "factored"):
        with torch.inference_mode(), record(model, storage=storage) as recording:
            model(x)
        found[storage] = rollout(recording.records, [1] * 4)
        np.testing.assert_allclose(found[storage].sum(axis=1), 1, atol=1e-5)
        later = found[storage][np.triu_indices(N, 1)]
        assert (later == 0).all() if causal else (later > 0).all()
    np.testing.assert_allclose(found["dense"], found["factored"], atol=1e-5)


def test_runs_of_rows_change_nothing(monkeypatch):
    records = [drawn(seed, 1) for seed in range(2)]
    whole = rollout(records, [0, 0])
    monkeypatch.setattr("phenaki_viz.analysis.rollout.RUN", 2 * (N + 1))
    shares = list(rollout.steps(records, [0, 0]))
    assert len(shares) == 2 * 4 and shares == sorted(shares) and shares[-1] == 1
    np.testing.assert_allclose(rollout(records, [0, 0]), whole, atol=1e-7)


def test_what_cannot_be_multiplied_says_why():
    good = drawn(0)
    cross = planted(np.full((1, 1, N, 3), 1 / 3), kind="cross")
    broken = planted(np.full((1, 1, N, N), np.nan))
    for records, why in (
        ([cross], "self-attention over the same tokens"),
        ([good, drawn(1, nulls=1)], "self-attention over the same tokens"),
        ([broken], "no distribution"),
        ([], "give one each"),
    ):
        with pytest.raises(RecordingError, match=why):
            rollout(records, [0] * len(records))
    with pytest.raises(RecordingError, match="counted 0 to 6"):
        rollout([good], [0], [7])


def test_the_reason_says_approximate_first():
    assert REASON.startswith("approximate: ") and "PEG" in REASON and "values" in REASON
