"""Calls on a GPU are checked together when their transformer ends; here CPU tensors stand in."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.errors import VerificationWarning
from phenaki_viz.models.attention import Attention
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording import FactoredMap, biases, building, making, record, samples, settling
from phenaki_viz.recording.digests import LateDigest
from tests.published import published_attention
from tests.recording.models import SmallVideo, inputs

SAME = (
    "module", "stack", "layer", "kind", "call", "forward", "use", "shared", "batch", "heads",
    "batch_items", "places", "words", "num_null_kv", "causal", "branch", "step", "position_bias",
    "first_non_finite",
)  # fmt: skip


@pytest.fixture
def waits(monkeypatch):
    """Every call waits, as on a GPU."""
    wait_for_all(monkeypatch)


def recorded(model, storage="factored", given=None, **choice):
    with torch.no_grad(), record(model, storage=storage, **choice) as recording:
        model(*(given or inputs()))
    return recording


def assert_same(late, soon):
    """The same records, with the same verdicts to rounding."""
    assert len(late) == len(soon) > 0
    for one, other in zip(late, soon, strict=True):
        for name in SAME:
            assert getattr(one, name) == getattr(other, name), name
        for b in range(one.map.shape[0]):
            for h in range(one.map.shape[1]):
                np.testing.assert_array_equal(one.map.full(b, h), other.map.full(b, h))
        numbers = {"max_abs_error": 0.0, "relative_error": 0.0, "weight_error": 0.0}
        found, wanted = one.verification, other.verification
        assert replace(found, **numbers) == replace(wanted, **numbers)
        for name in numbers:
            ours, theirs = getattr(found, name), getattr(wanted, name)
            assert (ours is None) == (theirs is None)
            if ours is not None and np.isfinite(theirs):
                assert ours == pytest.approx(theirs, abs=1e-6)
        assert (one.alibi is None) == (other.alibi is None)
        if one.alibi is not None:
            np.testing.assert_array_equal(one.alibi.slopes, other.alibi.slopes)
            assert one.alibi.max_abs_error == other.alibi.max_abs_error


def both(monkeypatch, model, **how):
    soon = recorded(model, **how)
    wait_for_all(monkeypatch)
    late = recorded(model, **how)
    assert list(late.position_biases) == list(soon.position_biases)
    assert late.provenance == soon.provenance
    return late, soon


def wait_for_all(monkeypatch):
    monkeypatch.setattr(making, "has_to_wait", lambda call: True)
    monkeypatch.setattr(biases, "is_far", lambda table: True)
    monkeypatch.setattr(LateDigest, "is_needed", lambda args, kwargs: True)


@pytest.mark.parametrize("storage", ["factored", "dense"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("library", [models, published_attention()], ids=["ours", "published"])
def test_records_that_waited_are_those_made_at_once(monkeypatch, library, causal, storage):
    torch.manual_seed(0)
    model = SmallVideo(library, causal=causal).eval()
    late, soon = both(monkeypatch, model, storage=storage)
    assert_same(late, soon)
    assert not late.failed and all(one.verification.verdict == "passed" for one in late)


@pytest.mark.parametrize("storage", ["factored", "dense"])
def test_what_is_long_is_kept_by_its_sample_and_its_sums(monkeypatch, storage):
    """Short calls are copied whole; both ways say the same, and the same as at once."""
    model = SmallVideo(models).eval()
    late, soon = both(monkeypatch, model, storage=storage)
    monkeypatch.setattr(samples, "SHORT_ON_HOST", 0)
    assert_same(recorded(model, storage=storage), soon)
    assert_same(late, soon)


@pytest.mark.parametrize("storage", ["factored", "dense"])
def test_parts_without_values_are_checked_by_their_projection(monkeypatch, storage):
    """A class of an earlier day tells its parts alone: its `to_kv` is listened to."""
    heard = models.attention.AttentionParts
    model = SmallVideo(models).eval()
    monkeypatch.setattr(heard, "tells_values", False)
    hook = torch.nn.Module.__call__
    monkeypatch.setattr(heard, "__call__", lambda self, *parts, values: hook(self, *parts))
    monkeypatch.setattr(heard, "forward", lambda self, *parts: parts)
    late, soon = both(monkeypatch, model, storage=storage)
    assert_same(late, soon)
    assert all(one.verification.verdict == "passed" for one in late)


def test_modules_that_share_a_projection_are_both_heard(waits):
    torch.manual_seed(0)
    first, second = (Attention(16, dim_head=8, heads=2).eval() for _ in range(2))
    second.to_out = first.to_out
    model = torch.nn.Sequential(first, second)
    with torch.no_grad(), record(model, storage="factored") as recording:
        model(torch.randn(1, 9, 16))
    assert [one.verification.verdict for one in recording] == ["passed", "passed"]
    assert not first.to_out._forward_pre_hooks
    assert not first.to_out._forward_pre_hooks_with_kwargs


@pytest.mark.parametrize("choice", [{"heads": [2, 0]}, {"batch_items": [1]}, {"verify_rows": 1}])
def test_what_was_chosen_is_what_is_settled(monkeypatch, choice):
    late, soon = both(monkeypatch, SmallVideo(models).eval(), **choice)
    assert_same(late, soon)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_formats_are_judged_as_they_are_at_once(monkeypatch, dtype):
    model = SmallVideo(models).eval().to(dtype)
    x, context, mask = inputs()
    given = x.to(dtype), context.to(dtype), mask
    assert_same(*both(monkeypatch, model, given=given))


def test_autocast_that_has_ended_is_judged_as_it_was(monkeypatch):
    class Within(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Attention(16, dim_head=8, heads=2)

        def forward(self, x):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return self.inner(x)

    late, soon = both(monkeypatch, Within().eval(), given=(torch.randn(1, 9, 16),))
    assert_same(late, soon)
    assert late[0].verification.dtype == "bfloat16"


def test_one_look_for_layers_that_are_alike(waits, monkeypatch):
    looked = []
    numbers = settling._numbers
    monkeypatch.setattr(
        settling, "_numbers", lambda group: looked.append(len(group)) or numbers(group)
    )
    model = SmallVideo(models).eval()
    recorded(model)
    assert sorted(looked) == [1, 1, 2]  # a padding mask of its own: each cross-attention alone
    looked.clear()
    monkeypatch.setattr(settling, "TOGETHER", 1)
    recorded(model)
    assert looked == [1, 1, 1, 1]


def test_a_map_that_is_wrong_fails_by_itself(monkeypatch):
    """Of four calls checked together, the one whose parts are not what was used is told."""
    torch.manual_seed(0)
    model = SmallVideo(models).eval()
    attention = model.transformer.layers[1][1]

    def heard_wrongly(module, args):
        q, k, logsumexp, precision = args
        return q.flip(-2), k, logsumexp, precision

    with (
        attention.attn_parts.register_forward_pre_hook(heard_wrongly),
        pytest.warns(VerificationWarning, match="CHECK FAILED for 1 of 4 maps"),
    ):
        late, soon = both(monkeypatch, model)
    assert [one.module for one in late.failed] == [one.module for one in soon.failed]
    assert [one.module for one in late.failed] == ["transformer.layers.1.1"]
    assert late.failed[0].verification.relative_error == pytest.approx(
        soon.failed[0].verification.relative_error, rel=1e-4
    )


@pytest.mark.parametrize("short", [samples.SHORT_ON_HOST, 0])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("storage", ["factored", "dense"])
def test_where_nan_began_is_told_though_the_input_is_written_to(monkeypatch, value, storage, short):
    class InPlace(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Attention(16, dim_head=8, heads=2)

        def forward(self, x):
            x = x.clone()
            self.inner(x)
            return x.fill_(torch.nan)  # as a residual added in place would spread it

    monkeypatch.setattr(samples, "SHORT_ON_HOST", short)
    torch.manual_seed(0)
    x = torch.randn(2, 9, 16)
    x[1, 4, 3] = value
    late, soon = both(monkeypatch, InPlace().eval(), given=(x,), storage=storage)
    assert late[0].first_non_finite == soon[0].first_non_finite == (1, 4)
    assert late[0].verification.verdict == soon[0].verification.verdict


def test_a_bias_written_to_between_layers_is_kept_as_each_was_given(monkeypatch):
    class Written(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = models.ContinuousPositionBias(dim=8, heads=2, num_dims=2)
            self.first, self.second = (Attention(16, dim_head=8, heads=2) for _ in range(2))

        def forward(self, x):
            bias = self.bias(3, 3, device=x.device)
            x = self.first(x, attn_bias=bias)
            bias.mul_(2)
            return self.second(x, attn_bias=bias)

    torch.manual_seed(0)
    late, soon = both(monkeypatch, Written().eval(), given=(torch.randn(1, 9, 16),))
    assert_same(late, soon)
    assert late[0].position_bias and not late[1].position_bias
    np.testing.assert_array_equal(late[1].dense_bias, soon[1].dense_bias)
    assert not late.failed


def test_nothing_can_be_read_before_it_is_settled(waits):
    model = SmallVideo(models).eval()
    seen = []
    with torch.no_grad(), record(model, storage="factored") as recording:
        counted = model.transformer.layers[1][1].register_forward_hook(
            lambda *_: seen.append(len(recording))
        )
        with counted:
            model(*inputs())
        assert len(recording) == 4
        assert all(one.verification.verdict == "passed" for one in recording)
    assert seen == [0]


def test_an_attention_by_itself_is_settled_when_it_returns(waits):
    attention = Attention(16, dim_head=8, heads=2).eval()
    model = torch.nn.ModuleList([attention])
    with torch.no_grad(), record(model) as recording:
        attention(torch.randn(1, 9, 16))
        assert len(recording) == 1


def test_a_forward_that_fails_is_settled_up_to_there(waits):
    def stop(done, of):
        if done == 2:
            raise ZeroDivisionError

    model = SmallVideo(models).eval()
    with (
        pytest.raises(ZeroDivisionError),
        torch.no_grad(),
        record(model, storage="factored", on_progress=stop) as recording,
    ):
        model(*inputs())
    assert [one.verification.verdict for one in recording] == ["passed", "passed"]


def test_much_that_waits_is_settled_on_the_way(waits, monkeypatch):
    counts = []
    settle = building.Builder.settle
    monkeypatch.setattr(
        building.Builder,
        "settle",
        lambda self, waiting: counts.append(len(waiting)) or settle(self, waiting),
    )
    monkeypatch.setattr(building, "MANY", 10_000)
    assert len(recorded(SmallVideo(models).eval())) == 4
    assert max(counts) < 4


def test_limits_count_what_waits(waits):
    model = SmallVideo(models).eval()
    x = inputs()
    once = recorded(model, storage="dense").nbytes
    recording = recorded(model, storage="auto", limit_bytes=once // 2)
    held = [one.map.storage for one in recording]
    assert held[0] == "dense" and held[-2] == "factored"
    assert sum(one.map.nbytes for one in recording if one.map.storage == "dense") <= once // 2
    with torch.no_grad(), record(model, storage="auto", limit_bytes=once // 2) as soon:
        model(*x)
    assert [one.map.storage for one in soon] == held


def test_a_check_that_breaks_is_said_and_stops_nothing(waits, monkeypatch):
    def broken(*_):
        raise RuntimeError("no memory for this")

    model = SmallVideo(models).eval()
    soon = recorded(model)
    monkeypatch.setattr(building, "Together", broken)
    assert_same(recorded(model), soon)  # each by itself


@pytest.mark.parametrize("nulls", [0, 2])
@pytest.mark.parametrize("causal", [False, True])
def test_joined_maps_are_their_maps_one_after_the_other(nulls, causal):
    torch.manual_seed(0)
    table = OffsetBias(torch.randn(3, 5, 5), (3, 3))
    maps = [
        FactoredMap.of(
            q=torch.randn(2, 3, 9, 4),
            k=torch.randn(2, 3, 9 + nulls, 4),
            logsumexp=None,
            bias=table,
            slopes=torch.rand(3) if causal else None,
            causal=causal,
            nulls=nulls,
        )
        for _ in range(3)
    ]
    rows = slice(2, 9, 3)
    found = FactoredMap.joined(maps).rows_of_heads(1, rows)
    wanted = torch.cat([one.rows_of_heads(1, rows) for one in maps])
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)
    torch.testing.assert_close(found.sum(-1), torch.ones(9, 3), rtol=0, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_a_bias_that_learns_has_its_gradient_while_it_is_recorded(training):
    """The CPU's fused kernel knows none for a bias: it is not for us to choose it then."""
    torch.manual_seed(0)
    model = SmallVideo(models).train(training)
    found = []
    for storage in (None, "factored", "dense"):
        model.zero_grad()
        if storage is None:
            model(*inputs()).square().sum().backward()
        else:
            with record(model, storage=storage) as recording:
                model(*inputs()).square().sum().backward()
            assert [one.map.storage for one in recording]
        found.append(model.continuous_pos_bias.net[0][0].weight.grad.clone())
    assert found[0].abs().sum() > 0
    for other in found[1:]:
        torch.testing.assert_close(other, found[0], rtol=1e-4, atol=1e-6)
