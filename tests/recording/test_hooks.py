import copy
import threading
from collections import namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from phenaki_viz import estimate, models, record
from phenaki_viz.errors import RecordingError, RecordingTooLargeError, VerificationWarning
from phenaki_viz.recording.digests import weights_digest
from tests.published import published_attention
from tests.recording.models import GRID, SmallVideo, inputs

LIBRARIES = {"ours": lambda: models, "published": published_attention}


@pytest.fixture(params=LIBRARIES)
def model(request):
    torch.manual_seed(0)
    return SmallVideo(LIBRARIES[request.param]()).eval()


def hooks_left(model: nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()
    )


@torch.no_grad()
def recorded(model, **choice):
    x, context, mask = inputs()
    with record(model, **choice) as recording:
        model(x, context, mask)
    return recording


def test_every_call_of_every_module_is_a_record(model):
    recording = recorded(model, words=("a", "b"))
    assert [(r.module, r.kind, r.layer) for r in recording] == [
        ("transformer.layers.0.1", "self", 0),
        ("transformer.layers.0.2", "cross", 0),
        ("transformer.layers.1.1", "self", 1),
        ("transformer.layers.1.2", "cross", 1),
    ]
    assert [r.map.shape for r in recording][:2] == [(2, 3, 30, 30), (2, 3, 30, 6)]
    cross = recording.records[1]
    assert cross.words == ("a", "b", "token 3", "token 4")
    assert cross.num_null_kv == 2
    assert cross.key_mask.tolist() == [[True, True, True, False], [True] * 4]
    assert all(r.places.grid == GRID and r.places.batch_counts == "video" for r in recording)


def test_ours_and_published_record_the_same_maps():
    torch.manual_seed(3)
    theirs = SmallVideo(published_attention()).eval()
    ours = SmallVideo(models).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    for a, b in zip(recorded(theirs), recorded(ours), strict=True):
        for head in range(3):
            np.testing.assert_allclose(a.map.full(1, head), b.map.full(1, head), atol=1e-5)
        assert a.position_bias == b.position_bias


def test_the_map_is_the_tensor_that_multiplied_the_values(model):
    recording = recorded(model)
    for item in recording:
        assert item.verification.max_abs_error < 1e-5
        assert item.verification.queries > 0
    assert recording.max_abs_error < 1e-5


def test_verification_sees_a_map_that_is_not_what_the_module_used(model):
    module = model.transformer.layers[0][1]
    module.attn_dropout.register_forward_hook(lambda _, args, out: out.flip(-1))
    x, context, mask = inputs()
    with (
        pytest.warns(VerificationWarning, match=r"FAILED for 1 of 4 maps \(transformer.layers.0.1"),
        torch.no_grad(),
        record(model) as recording,
    ):
        model(x, context, mask)
    assert recording.records[0].verification.max_abs_error > 1e-3
    assert recording.records[1].verification.max_abs_error < 1e-5
    assert recording.failed == recording.records[:1]


def test_hooks_are_gone_after_success_error_and_nesting(model):
    x, context, mask = inputs()
    recorded(model)
    assert hooks_left(model) == 0
    with pytest.raises(RuntimeError, match="on purpose"), record(model):
        raise RuntimeError("on purpose")
    assert hooks_left(model) == 0
    with torch.no_grad(), record(model) as outer, record(model) as inner:
        model(x, context, mask)
    assert len(outer) == len(inner) == 4
    assert hooks_left(model) == 0


def test_the_output_is_unchanged_by_recording(model):
    x, context, mask = inputs()
    with torch.no_grad():
        plain = model(x, context, mask)
        with record(model):
            seen = model(x, context, mask)
    torch.testing.assert_close(plain, seen, atol=1e-5, rtol=0)


def test_two_calls_are_two_records_with_their_labels(model):
    x, context, mask = inputs()
    with torch.no_grad(), record(model) as recording:
        recording.mark(branch="conditional", step=3)
        model(x, context, mask)
        recording.mark(branch="unconditional", step=3)
        model(x, context, torch.zeros_like(mask))
    assert [r.call for r in recording][::4] == [0, 1]
    assert {r.branch for r in recording.records[4:]} == {"unconditional"}
    without_text = recording.records[5].map.full(0, 0)
    np.testing.assert_allclose(without_text[:, :2].sum(axis=1), 1, atol=1e-6)


def test_choice_of_modules_heads_items_and_precision(model):
    everything = recorded(model)
    some = recorded(
        model,
        modules=["transformer.layers.1.1"],
        heads=[2, 0],
        batch_items=[1],
        dtype=torch.float16,
    )
    (only,) = some
    assert (only.heads, only.batch_items) == ((2, 0), (1,))
    assert only.map.shape == (1, 2, 30, 30)
    expected = everything.records[2].map.full(1, 2)
    np.testing.assert_allclose(only.map.full(0, 0), expected, atol=1e-3)
    assert only.map.nbytes == 2 * 30 * 30 * 2


def test_chosen_heads_and_items_come_in_the_order_asked(model):
    everything, turned = recorded(model), recorded(model, heads=[2, 1, 0], batch_items=[1, 0])
    for one, other in zip(everything, turned, strict=True):
        np.testing.assert_array_equal(one.map.full(0, 2), other.map.full(1, 0))
        np.testing.assert_array_equal(one.map.full(1, 1), other.map.full(0, 1))


def test_unknown_choices_are_refused_by_name(model):
    with pytest.raises(RecordingError, match=r"no attention module named nothing; there are trans"):
        recorded(model, modules=["nothing"])
    with pytest.raises(RecordingError, match=r"heads has 3; transformer.layers.0.1 has 3 heads"):
        recorded(model, heads=[3])
    with pytest.raises(RecordingError, match=r"batch_items has 2; .* was called with 2 items"):
        recorded(model, batch_items=[0, 2])
    with (
        pytest.raises(RecordingError, match="Linear has no attention module"),
        record(nn.Linear(2, 2)),
    ):
        pass
    with pytest.raises(RecordingError, match=r"float32 or float16, got torch\.float64"):
        recorded(model, dtype=torch.float64)
    assert hooks_left(model) == 0


def test_extras_are_what_the_scores_were_made_of(model):
    recording = recorded(model, extras=("queries", "keys", "values"))
    cross = recording.records[1]
    assert cross.queries.shape == (2, 3, 30, 8)
    assert cross.keys.shape == cross.values.shape == (2, 3, 6, 8)
    scores = cross.scale * cross.queries[1] @ cross.keys[1].transpose(0, 2, 1)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    np.testing.assert_allclose(weights[2], cross.map.full(1, 2), atol=1e-5)


def test_position_bias_is_kept_once_over_distinct_offsets(model):
    recording = recorded(model)
    (bias,) = recording.position_biases.values()
    assert bias.surface.shape == (3, 3, 5, 9)
    with torch.no_grad():
        dense = model.continuous_pos_bias(*GRID).numpy().reshape(3, *GRID, *GRID)
    assert bias.surface[1, 0 - 1 + 1, 2 - 0 + 2, 1 - 4 + 4] == dense[1, 0, 2, 1, 1, 0, 4]
    assert {r.position_bias for r in recording if r.kind == "self"} == set(
        recording.position_biases
    )
    assert recording.records[1].position_bias is None


@pytest.mark.parametrize("library", LIBRARIES)
def test_alibi_slopes_of_three_heads_are_recorded_in_head_order(library):
    torch.manual_seed(0)
    causal = LIBRARIES[library]().Transformer(16, depth=1, heads=3, dim_head=4, causal=True).eval()
    with torch.no_grad(), record(causal, heads=[2, 0]) as recording:
        causal(torch.randn(1, 7, 16))
    (only,) = recording
    np.testing.assert_allclose(only.alibi.slopes, [0.25, 0.0625])
    assert only.alibi.max_abs_error == 0
    assert only.causal
    assert only.hidden(0, (0, 7), (0, 7)).tolist() == np.triu(np.ones((7, 7), bool), 1).tolist()
    assert only.visible_keys(0).tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_a_dense_bias_from_elsewhere_is_kept():
    attention = models.Attention(16, heads=2, dim_head=4).eval()
    bias = torch.randn(2, 5, 5)
    with torch.no_grad(), record(attention) as recording:
        attention(torch.randn(1, 5, 16), attn_bias=bias)
    np.testing.assert_array_equal(recording.records[0].dense_bias, bias.numpy())


def test_an_estimate_is_exact_and_allocates_nothing(model):
    x, context, mask = inputs()
    expected = estimate(model, x, context, mask)
    assert expected.bytes == recorded(model).nbytes
    assert expected.calls == 4
    huge = estimate(model, x.expand(2, 30, 32), torch.zeros(2, 10**6, 16, device="meta"))
    assert huge.bytes > 2 * 3 * 30 * 10**6 * 4


def test_the_limit_is_checked_before_the_map_is_made(model):
    with pytest.raises(
        RecordingTooLargeError, match=r"maps to 25\.3 KiB; the limit is 21\.1 KiB"
    ) as caught:
        recorded(model, storage="dense", limit_bytes=2 * 3 * 30 * 30 * 4 + 10)
    assert caught.value.needed > caught.value.limit
    assert "layers.0.2" in str(caught.value)
    assert hooks_left(model) == 0


def test_progress_is_told_and_its_exception_cancels(model):
    told = []
    recorded(model, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded(model, on_progress=stop)
    assert hooks_left(model) == 0


def test_dropout_in_training_does_not_touch_the_recorded_map():
    torch.manual_seed(0)
    model = SmallVideo(models, attn_dropout=0.5).train()
    recording = recorded(model)
    for item in recording:
        np.testing.assert_allclose(item.map.full(0, 0).sum(axis=1), 1, atol=1e-5)
        assert item.verification.max_abs_error is None
        assert "dropout" in item.verification.reason


def test_another_thread_runs_the_model_without_being_recorded(model):
    x, context, mask = inputs()
    with torch.no_grad(), record(model) as recording:
        thread = threading.Thread(target=lambda: model(x * 2, context, mask))
        thread.start()
        thread.join()
        assert len(recording) == 0
        model(x, context, mask)
    assert len(recording) == 4


def test_two_sessions_on_one_model_get_their_own_maps(model):
    x, context, mask = inputs()
    seen: dict[int, list] = {0: [], 1: []}

    def session(which: int) -> None:
        for _ in range(8):
            with torch.no_grad(), record(model) as recording:
                model(x * (1 + which), context, mask)
            seen[which].append(recording.records[2].map.full(0, 0))

    threads = [threading.Thread(target=session, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for which in (0, 1):
        assert all(np.array_equal(seen[which][0], other) for other in seen[which])
    assert not np.array_equal(seen[0][0], seen[1][0])


@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("causal", [False, True])
def test_the_first_token_that_is_not_finite_is_named(storage, bad, causal):
    model = SmallVideo(models, causal=causal).eval()
    x, context, mask = inputs()
    x[1, 17, 3] = bad
    attention = model.transformer.layers[0][1]  # before it, PEG would have spread it
    with torch.no_grad(), record(attention, storage=storage) as recording:
        attention(x)
        attention(x.nan_to_num(0, 0, 0))
    assert [one.first_non_finite for one in recording] == [(1, 17), None]
    cross = model.transformer.layers[0][2]
    with torch.no_grad(), record(cross, storage=storage) as recording:
        cross(x, context=context, mask=mask)
    assert recording.records[0].first_non_finite == (1, 17)


def test_a_token_that_is_not_finite_is_named_in_a_whole_transformer(model):
    x, *_ = inputs()
    x[1, 17, 3] = float("nan")
    with torch.no_grad(), record(model) as recording:
        model.transformer(x, video_shape=(2, *GRID))
    assert recording.records[0].first_non_finite[0] == 1


class Beside(nn.Module):
    """Tensors that are no parameters and no buffers; its input is a named tuple of two."""

    def __init__(self):
        super().__init__()
        self.inner = models.Transformer(24, depth=1, heads=3, dim_head=8)
        self.place = torch.ones(12, 24)
        self.gain = self.inner.norm_out.gamma * 2  # of its weights: no copy of it is made

    def forward(self, given):
        return self.inner(given.x + self.place) * self.gain


def test_an_estimate_needs_no_model_of_parameters_alone():
    given = namedtuple("given", "x step")(torch.zeros(2, 12, 24), 3)
    assert estimate(Beside(), given).bytes == 4 * 2 * 3 * 12 * 12


def test_an_estimate_compiles_nothing():
    def refuse(*_):
        raise AssertionError("compiled")

    model = models.Transformer(24, depth=2, heads=3, dim_head=8)
    model.layers[0][1] = torch.compile(model.layers[0][1], backend=refuse)
    whole = torch.compile(model, backend=refuse)
    assert estimate(whole, torch.zeros(2, 12, 24)).calls == 2


def test_what_cannot_be_estimated_is_said():
    model = models.Transformer(24, depth=1, heads=3, dim_head=8)
    with pytest.raises(RecordingError, match=r"takes a torch\.nn\.Module, got function"):
        estimate(lambda x: model(x), torch.zeros(2, 12, 24))
    model.lock = threading.Lock()
    with pytest.raises(RecordingError, match=r"on shapes alone: .*_thread\.lock"):
        estimate(model, torch.zeros(2, 12, 24))


def _fused_step(model):
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    for weight in model.parameters():
        weight.grad = torch.ones_like(weight)
    optimiser.step()


def _replaced(model):
    every = list(model.parameters())
    torch.nn.utils.vector_to_parameters(torch.zeros(sum(one.numel() for one in every)), every)


def _averaged(model):
    for weight in model.parameters():
        weight.data.lerp_(weight.data + 1, 0.5)


def _to_out(model):
    return model.transformer.layers[1][1].to_out.weight


UNCOUNTED = {
    "a fused step": _fused_step,
    "all replaced": _replaced,
    "an average": _averaged,
    "a head off": lambda model: _to_out(model).data[:, 8:16].zero_(),
    "a row off": lambda model: _to_out(model).data[13].zero_(),
    "a column off": lambda model: _to_out(model).data[:, 5].zero_(),
    "by NumPy": lambda model: _to_out(model).detach().numpy().fill(3),
    "a scale": lambda model: model.transformer.layers[1][1].q_scale.data[7:].fill_(2),
}


@pytest.mark.parametrize("how", UNCOUNTED)
def test_a_write_that_pytorch_does_not_count_is_another_digest(model, how):
    model.register_buffer("seen", torch.tensor(True))
    model.register_buffer("none", torch.empty(3, 0))
    model.register_buffer("phase", torch.ones(3, 2, dtype=torch.complex64))
    before = weights_digest(model)
    assert weights_digest(model) == before
    versions = [one._version for one in model.parameters()]
    UNCOUNTED[how](model)
    assert [one._version for one in model.parameters()] == versions
    assert weights_digest(model) == weights_digest(copy.deepcopy(model)) != before


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_digest_looks_at_every_row_and_column_of_a_weight(rows, columns):
    model = nn.Linear(columns, rows, bias=False)
    before = weights_digest(model)
    for at in range(rows):
        model.weight.data[at] += 1
        assert before != (before := weights_digest(model))
    for at in range(columns):
        model.weight.data[:, at] += 1
        assert before != (before := weights_digest(model))


def test_what_made_it_is_said(model):
    provenance = recorded(model).provenance
    assert provenance["model"] == "SmallVideo"
    assert len(provenance["weights_digest"]) == len(provenance["input_digest"]) == 12
    before = provenance["weights_digest"]
    with torch.no_grad():
        model.transformer.layers[0][1].q_scale.mul_(2)
    assert recorded(model).provenance["weights_digest"] != before
    after = recorded(model).provenance["weights_digest"]
    model.register_buffer("scratch", torch.zeros(3), persistent=False)
    assert recorded(model).provenance["weights_digest"] == after
    model.register_buffer("kept", torch.zeros(3))
    assert recorded(model).provenance["weights_digest"] != after
