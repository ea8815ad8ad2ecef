"""Factored maps are the dense maps, on everything that attention can be given."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from phenaki_viz import models
from phenaki_viz.errors import RecordingError, RecordingTooLargeError
from phenaki_viz.models.attention import Attention
from phenaki_viz.numerics import room
from phenaki_viz.numerics.offsets import OffsetBias, gather_pairs
from phenaki_viz.recording import DenseMap, FactoredMap, added, parts, record
from tests.published import published_attention
from tests.recording.calls import cross_calls
from tests.recording.models import SmallVideo, inputs

CLOSE = {"rtol": 0, "atol": 1e-5}
sizes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))


def both(model, *args, **kwargs):
    """The same forward twice: dense maps, and factored ones."""
    with torch.inference_mode():
        with record(model, storage="dense") as stored:
            before = model(*args, **kwargs)
        with record(model, storage="factored") as parted:
            after = model(*args, **kwargs)
    assert all(isinstance(one.map, DenseMap) for one in stored)
    assert all(isinstance(one.map, FactoredMap) for one in parted)
    torch.testing.assert_close(before, after, rtol=1e-5, atol=1e-5)
    return stored, parted


def assert_equal(stored, parted):
    assert len(stored) == len(parted) > 0
    for one, other in zip(stored, parted, strict=True):
        assert one.map.shape == other.map.shape
        b, h, i, j = one.map.shape
        for item, head in np.ndindex(b, h):
            exact = one.map.full(item, head)
            np.testing.assert_allclose(other.map.full(item, head), exact, **CLOSE)
            np.testing.assert_allclose(
                other.map.rows(item, head, [i - 1, 0]), exact[[-1, 0]], **CLOSE
            )
            keys = [j - 1, 0]
            np.testing.assert_allclose(other.map.columns(item, head, keys), exact[:, keys], **CLOSE)
            rows, columns = (i // 3, i), (0, j - j // 4)  # to a border each
            for reduce in ("mean", "max", "sum"):
                asked = item, head, rows, columns, (2, 3), reduce
                np.testing.assert_allclose(other.map.tile(*asked), one.map.tile(*asked), **CLOSE)
        assert [one.map.wrong_rows(*at).tolist() for at in np.ndindex(b, h)] == [
            other.map.wrong_rows(*at).tolist() for at in np.ndindex(b, h)
        ]
        if one.verification.max_abs_error is not None:
            assert other.verification.max_abs_error < 1e-4


@settings(max_examples=60, deadline=None)
@given(
    grid=sizes,
    batch=st.integers(1, 2),
    heads=st.integers(1, 4),
    dim_head=st.sampled_from([3, 8]),
    causal=st.booleans(),
    nulls=st.integers(0, 2),
    bias=st.sampled_from(["none", "offsets", "dense", "per item"]),
    masked=st.booleans(),
    published=st.booleans(),
    seed=st.integers(0, 99),
)
def test_self_attention_of_any_kind(
    grid, batch, heads, dim_head, causal, nulls, bias, masked, published, seed
):
    torch.manual_seed(seed)
    n = int(np.prod(grid))
    code = published_attention() if published else models
    attention = code.Attention(16, heads=heads, dim_head=dim_head, causal=causal, num_null_kv=nulls)
    surface = torch.randn(heads, *(2 * d - 1 for d in grid))
    given_bias = {
        "none": None,
        "offsets": gather_pairs(surface, grid) if published else OffsetBias(surface, grid),
        "dense": torch.randn(heads, n, n),
        "per item": torch.randn(batch, heads, n, n),
    }[bias]
    mask = (torch.rand(batch, n) < 0.6) if masked else None
    x = 3 * torch.randn(batch, n, 16)
    assert_equal(*both(attention, x, mask=mask, attn_bias=given_bias))


@settings(max_examples=30, deadline=None)
@given(asked=cross_calls(words=1, nulls=0))
def test_cross_attention_with_nulls_and_hidden_words(asked):
    attention, x, told = asked
    assert_equal(*both(attention, x, **told))


@pytest.mark.parametrize("classes", [models, published_attention()], ids=["ours", "published"])
@pytest.mark.parametrize("causal", [False, True])
def test_whole_models_of_either_code(classes, causal):
    torch.manual_seed(0)
    model = SmallVideo(classes, causal=causal).eval()
    assert_equal(*both(model, *inputs()))


def test_row_blocks_and_one_piece_are_the_same(monkeypatch):
    torch.manual_seed(0)
    model = SmallVideo(models, causal=True).eval()
    x, context, mask = inputs()
    with torch.inference_mode():
        whole = model(x, context, mask)
        monkeypatch.setattr(room, "WHOLE", 100)
        monkeypatch.setattr(room, "BLOCK", 700)
        torch.testing.assert_close(model(x, context, mask), whole, rtol=0, atol=1e-6)
    monkeypatch.setattr(parts, "BLOCK", 64)
    assert_equal(*both(model, x, context, mask))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.tuples(st.integers(0, 29), st.integers(1, 30)).filter(lambda s: s[0] < s[1]),
    columns=st.tuples(st.integers(0, 29), st.integers(1, 30)).filter(lambda s: s[0] < s[1]),
    shape=st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
    reduce=st.sampled_from(["mean", "max", "sum"]),
    block=st.sampled_from([1, 40, 4_000]),
)
def test_tiles_up_to_the_borders(rows, columns, shape, reduce, block):
    stored, parted = small_pair()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "BLOCK", block)
        patch.setattr(added, "WIDE", 7)
        ours = parted.tile(1, 2, rows, columns, shape, reduce)
    np.testing.assert_allclose(
        ours, stored.tile(1, 2, rows, columns, shape, reduce), rtol=1e-5, atol=1e-5
    )


@settings(max_examples=30, deadline=None)
@given(
    rows=st.tuples(st.integers(0, 29), st.integers(1, 30)).filter(lambda s: s[0] < s[1]),
    shape=st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
    block=st.sampled_from([1, 40, 4_000]),
)
def test_runs_of_a_tile_are_the_tile_and_end_with_whole_cells(rows, shape, block):
    _, parted = small_pair()
    asked = 1, 2, rows, (0, 30), shape, "sum"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "BLOCK", block)
        runs = list(parted.tile_runs(*asked))
    assert block > 1 or len(runs) == len(parted.tile(*asked))
    np.testing.assert_allclose(np.concatenate(runs), parted.tile(*asked), rtol=0, atol=1e-5)


_small = []


def small_pair():
    if not _small:
        torch.manual_seed(3)
        stored, parted = both(SmallVideo(models, causal=True).eval(), *inputs())
        _small.append((stored.records[0].map, parted.records[0].map))
    return _small[0]


@given(grid=sizes, seed=st.integers(0, 9))
def test_a_table_of_offsets_is_the_dense_bias(grid, seed):
    generator = torch.Generator().manual_seed(seed)
    surface = torch.randn(2, *(2 * d - 1 for d in grid), generator=generator)
    dense, bias = gather_pairs(surface, grid), OffsetBias(surface, grid)
    n = dense.shape[-1]
    assert bias.shape == dense.shape
    assert torch.equal(bias.rows(n // 2, n), dense[:, n // 2 :])
    assert torch.equal(bias.rows(0, n, slice(1, 2)), dense[1:])
    some, keys = torch.randint(n, (3,), generator=generator), torch.arange(n)
    assert torch.equal(bias.pairs(slice(0, 2), some, keys), dense[:, some])
    for every in (slice(0, n, 1), slice((n - 1) % 3, n, 3), slice(0, n, 1)):
        assert torch.equal(bias.sample(every), dense[:, every])
    assert torch.equal(bias.dense(), dense) and torch.equal(bias.rows(0, n), dense)


def test_chosen_heads_and_items_are_cut_from_the_parts():
    model = SmallVideo(models).eval()
    with torch.inference_mode():
        with record(model, storage="dense") as stored:
            model(*inputs())
        with record(model, storage="factored", heads=[2, 0], batch_items=[1]) as parted:
            model(*inputs())
    for one, other in zip(stored, parted, strict=True):
        assert other.map.shape[:2] == (1, 2) and other.verification.max_abs_error < 1e-5
        np.testing.assert_allclose(other.map.full(0, 0), one.map.full(1, 2), **CLOSE)
        np.testing.assert_allclose(other.map.full(0, 1), one.map.full(1, 0), **CLOSE)


def test_stored_while_it_fits_and_by_parts_beyond():
    model, (x, context, mask) = SmallVideo(models).eval(), inputs()
    first = 2 * 3 * 30 * 30 * 4
    with torch.inference_mode(), record(model, limit_bytes=first) as recording:
        model(x, context, mask)
    assert [one.map.storage for one in recording] == ["dense", *["factored"] * 3]
    assert recording.nbytes < first * 4
    limits = {"limit_bytes": 0, "factored_limit_bytes": 100}
    with (
        pytest.raises(RecordingTooLargeError, match=r"factored maps to .* the limit is 100 bytes"),
        torch.inference_mode(),
        record(model, **limits),
    ):
        model(x, context, mask)
    assert not any(module._forward_pre_hooks for module in model.modules())
    with (
        pytest.raises(RecordingError, match="'auto', 'dense' or 'factored', got 'both'"),
        record(model, storage="both"),
    ):
        pass


def test_no_map_is_made_while_recording_by_parts():
    """The largest tensor that a factored recording makes is no map."""
    n, heads = 600, 2
    attention = Attention(16, heads=heads, dim_head=8).eval()
    largest = []

    class Sizes(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            made = func(*args, **(kwargs or {}))
            for one in made if isinstance(made, tuple) else (made,):
                if isinstance(one, torch.Tensor):
                    largest.append(one.numel())
            return made

    with (
        torch.no_grad(),
        record(attention, storage="factored", verify_rows=4) as recording,
        Sizes(),
    ):
        attention(torch.randn(1, n, 16))
    assert isinstance(recording.records[0].map, FactoredMap)
    assert max(largest) < n * n
    assert recording.nbytes == 4 * heads * n * (2 * 8 + 1)


def test_a_row_of_nan_is_wrong_and_named():
    attention = Attention(16, heads=2, dim_head=8).eval()
    x = torch.randn(1, 12, 16)
    x[0, 3] = torch.nan
    stored, parted = both_with_nan(attention, x)
    assert parted.wrong_rows(0, 0).tolist() == stored.wrong_rows(0, 0).tolist() != []


def both_with_nan(attention, x):
    maps = []
    for storage in ("dense", "factored"):
        with torch.inference_mode(), record(attention, storage=storage) as recording:
            attention(x)
        maps.append(recording.records[0].map)
    return maps


@pytest.mark.parametrize("causal", [False, True])
def test_half_precision_is_recorded_by_parts_too(causal):
    torch.manual_seed(0)
    attention = Attention(16, heads=2, dim_head=8, causal=causal).eval()
    x, mask = torch.randn(2, 9, 16), torch.rand(2, 9) < 0.7
    maps = []
    for storage in ("dense", "factored"):
        with (
            torch.autocast("cpu", torch.bfloat16),
            torch.inference_mode(),
            record(attention, storage=storage) as recording,
        ):
            attention(x, mask=mask)
        maps.append(recording.records[0].map.full(1, 1))
    np.testing.assert_allclose(*maps, rtol=0, atol=3e-2)


def test_a_forward_that_failed_leaves_no_hook(monkeypatch):
    attention = Attention(16, heads=2, dim_head=8).eval()
    x = torch.randn(1, 5, 16)

    def fail(*_):
        raise ZeroDivisionError

    with torch.inference_mode(), record(attention, storage="factored") as recording:
        with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
            patch.setattr(attention.to_out, "forward", fail)
            attention(x)
        attention(x)
    assert len(recording) == 1
    assert not attention.attn_parts._forward_pre_hooks


def test_gradients_and_training_are_recorded_by_parts_too():
    torch.manual_seed(0)
    attention = Attention(16, heads=2, dim_head=8, causal=True).train()
    x = torch.randn(2, 9, 16)
    with record(attention, storage="factored") as recording:
        attention(x).sum().backward()
    with torch.no_grad(), record(attention, storage="dense") as stored:
        attention(x)
    np.testing.assert_allclose(
        recording.records[0].map.full(1, 1), stored.records[0].map.full(1, 1), **CLOSE
    )
