"""Whatever a model computes in, its maps are recomputed in; and what the error is, is said."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch

from phenaki_viz import models
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import Precision
from phenaki_viz.recording import DenseMap, FactoredMap, describe_storage, record
from tests.published import published_attention
from tests.recording.models import SmallVideo

FORMATS = {
    "bf16": (torch.bfloat16, None),
    "fp16": (torch.float16, None),
    "fp32": (torch.float32, None),
    "fp64": (torch.float64, None),
    "bf16 autocast": (torch.float32, torch.bfloat16),
    "fp16 autocast": (torch.float32, torch.float16),
}
# Of a weight: recomputed by the model's own steps, at most one step of a score apart.
NEAR = {
    torch.float64: 1e-6, torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2,
}  # fmt: skip


def attention(code, dtype, **kwargs):
    torch.manual_seed(3)
    return code.Attention(32, heads=3, dim_head=8, **kwargs).to(dtype).eval()


def recorded(attention, cast, x, **kwargs):
    storage = {name: kwargs.pop(name) for name in ("storage", "limit_bytes") if name in kwargs}
    context = torch.autocast("cpu", dtype=cast) if cast else nullcontext()
    with torch.no_grad(), context, record(attention, **storage) as recording:
        attention(x, **kwargs)
    return recording


def softmax_of(parts, b, h):
    """The weights that queries and keys stand for, in float64: no biases."""
    scores = parts.q[b, h].double() @ parts.k[b, h].double().T * parts.scale
    return scores.softmax(dim=-1).numpy()


@pytest.mark.parametrize("code", [models, published_attention()], ids=["ours", "published"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "storage", [{"storage": "factored"}, {"limit_bytes": 10}], ids=["asked", "large"]
)
def test_every_format_is_recorded_by_parts(code, form, storage):
    dtype, cast = FORMATS[form]
    one, x = attention(code, dtype), 2 * torch.randn(2, 40, 32, dtype=dtype)
    (kept,) = recorded(one, cast, x, **storage)
    assert isinstance(kept.map, FactoredMap) and kept.verification.verdict == "passed"
    computed = cast or dtype
    assert kept.map.q.dtype == kept.map.k.dtype == computed
    assert kept.verification.dtype == str(computed).removeprefix("torch.")
    assert 0 <= kept.verification.relative_error <= kept.verification.tolerance
    (stored,) = recorded(one, cast, x, storage="dense")
    assert isinstance(stored.map, DenseMap) and stored.verification.max_abs_error < 1e-6
    if code is not models:  # the same forward, so the same weights
        assert kept.verification.weight_error <= NEAR[computed]
        np.testing.assert_allclose(
            kept.map.full(1, 2), stored.map.full(1, 2), rtol=0, atol=NEAR[computed]
        )
    else:  # fused: the softmax of what was multiplied; in half precision the kernel sums coarser
        near = 1e-4 if computed in (torch.float16, torch.bfloat16) else 2e-6
        np.testing.assert_allclose(
            kept.map.full(1, 2), softmax_of(kept.map, 1, 2), rtol=0, atol=near
        )
    for held in (kept.map, stored.map):
        assert not any(len(held.wrong_rows(b, h)) for b, h in np.ndindex(2, 3))


@pytest.mark.parametrize("code", [models, published_attention()], ids=["ours", "published"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_biases_masks_and_nulls_are_rounded_where_the_model_rounds(code, form, causal, biased):
    dtype, cast = FORMATS[form]
    one = attention(code, dtype, causal=causal, num_null_kv=2, scale=6)
    x = torch.randn(2, 30, 32, dtype=dtype)
    mask = torch.rand(2, 30, generator=torch.Generator().manual_seed(1)) < 0.7
    bias = torch.randn(3, 30, 30, dtype=dtype) if biased else None
    (kept,) = recorded(one, cast, x, storage="factored", mask=mask, attn_bias=bias)
    (stored,) = recorded(one, cast, x, storage="dense", mask=mask, attn_bias=bias)
    assert isinstance(kept.map, FactoredMap) and kept.verification.verdict == "passed"
    assert stored.verification.verdict == "passed"
    np.testing.assert_allclose(
        kept.map.full(1, 2), stored.map.full(1, 2), rtol=0, atol=NEAR[cast or dtype]
    )


def test_training_in_half_precision_is_recorded_as_it_ran():
    """With gradients the map is made in the open, rounded at every step."""
    one = attention(models, torch.float32).train()
    x = torch.randn(1, 20, 32)
    with torch.autocast("cpu", torch.bfloat16), record(one, storage="factored") as parted:
        one(x)
    with torch.autocast("cpu", torch.bfloat16), record(one, storage="dense") as stored:
        one(x)
    assert parted.records[0].map.precision == Precision(
        torch.bfloat16, torch.float32, torch.bfloat16, torch.bfloat16
    )
    np.testing.assert_allclose(
        parted.records[0].map.full(0, 1), stored.records[0].map.full(0, 1), rtol=0, atol=3e-2
    )
    assert parted.records[0].verification.verdict == "passed"


def test_a_map_is_the_same_whoever_has_autocast_on():
    one, x = attention(models, torch.float32), torch.randn(1, 40, 32)
    (kept,) = recorded(one, None, x, storage="factored")
    exact = kept.map.full(0, 0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        np.testing.assert_array_equal(kept.map.full(0, 0), exact)


@pytest.mark.parametrize("code", [models, published_attention()], ids=["ours", "published"])
@pytest.mark.parametrize("form", ["bf16", "fp64", "bf16 autocast"])
def test_whole_transformers(code, form):
    dtype, cast = FORMATS[form]
    torch.manual_seed(0)
    model = SmallVideo(code).transformer.to(dtype).eval()
    x, context = torch.randn(2, 30, 32, dtype=dtype), torch.randn(2, 4, 16, dtype=dtype)
    kwargs = {"context": context, "video_shape": (2, 2, 3, 5)}
    recording = recorded(model, cast, x, storage="factored", **kwargs)
    assert [one.verification.verdict for one in recording] == ["passed"] * 4
    assert all(isinstance(one.map, FactoredMap) for one in recording)


def test_exact_is_said_only_where_it_is():
    x = torch.randn(1, 40, 32)
    exact = recorded(attention(models, torch.float32), None, x, storage="factored")
    assert "recomputed where shown exactly (" in describe_storage(exact)
    half = recorded(attention(models, torch.float32), torch.bfloat16, x, storage="factored")
    said = describe_storage(half)
    assert "exactly" not in said and "recomputed where shown in bfloat16, within" in said
    published = attention(published_attention(), torch.bfloat16)
    theirs = recorded(published, None, x.bfloat16(), storage="factored")
    assert "in bfloat16, weights within" in describe_storage(theirs)


@pytest.mark.parametrize("table", [False, True])
def test_rows_of_half_precision_are_distributions(table):
    """A third is no bfloat16: three of them sum to 1.002, and nothing is wrong with that."""
    one = attention(models, torch.bfloat16)
    with torch.no_grad():
        one.to_q.weight.zero_()
    bias = OffsetBias(torch.zeros(3, 5, dtype=torch.bfloat16), (3,)) if table else None
    for storage in ("dense", "factored"):
        (kept,) = recorded(
            one, None, torch.randn(1, 3, 32).bfloat16(), storage=storage, attn_bias=bias
        )
        assert kept.map.wrong_rows(0, 0).tolist() == []
        assert kept.verification.verdict == "passed"
