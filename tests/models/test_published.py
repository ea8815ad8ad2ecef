"""Our modules against the published classes themselves, with one set of weights."""

import importlib.util
import itertools
import sys

import pytest
import torch
from einops import rearrange

from phenaki_viz import models
from tests import published as published_code
from tests.models.listening import hear


def twins(published, kind, *args, **kwargs):
    """Theirs and ours with the same weights, carried over strictly there and back."""
    theirs = getattr(published, kind)(*args, **kwargs).eval()
    ours = getattr(models, kind)(*args, **kwargs).eval()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    _stir(theirs, ours)
    return theirs, ours


@torch.no_grad()
def _stir(theirs, ours):
    """No weight keeps a starting value that would hide what it does."""
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        mine.mul_(1 + 0.3 * torch.rand_like(mine))
        other.copy_(mine)


def close(ours, theirs, atol=1e-5):
    torch.testing.assert_close(ours, theirs, atol=atol, rtol=0)


def compare(theirs, ours, *args, **kwargs):
    """Fused and open outputs, and every map."""
    expected, published_maps = hear(theirs, *args, **kwargs)
    heard, maps = hear(ours, *args, **kwargs)
    close(ours(*args, **kwargs), expected)
    close(heard, expected)
    assert [*maps] == [*published_maps]
    for name, calls in published_maps.items():
        for mine, other in zip(maps[name], calls, strict=True):
            close(mine, other)


@pytest.mark.parametrize(
    ("causal", "nulls", "mask", "bias", "scale"),
    [*itertools.product((False, True), (0, 2), ("none", "some", "all"), (0, 3, 4), (8, 3.7))],
)
@torch.no_grad()
def test_attention(published, causal, nulls, mask, bias, scale):
    settings = {"dim_context": 6, "heads": 3, "dim_head": 5, "scale": scale}
    theirs, ours = twins(published, "Attention", 11, causal=causal, num_null_kv=nulls, **settings)
    call = {"context": torch.randn(2, 7, 6)}
    if mask != "none":
        call["mask"] = torch.rand(2, 7) < (0.5 if mask == "some" else 0)
    if bias:
        call["attn_bias"] = torch.randn(2, 3, 7, 7)[(0,) * (4 - bias)]
    compare(theirs, ours, torch.randn(2, 7, 11), **call)


@pytest.mark.parametrize("nulls", [0, 2])
@torch.no_grad()
def test_attention_over_longer_keys(published, nulls):
    theirs, ours = twins(
        published, "Attention", 11, 6, heads=3, dim_head=5, causal=True, num_null_kv=nulls
    )
    compare(theirs, ours, torch.randn(2, 4, 11), context=torch.randn(2, 9, 6))


@pytest.mark.parametrize("mask", ["none", "some", "all"])
@pytest.mark.parametrize("listen", [False, True])
def test_gradients_of_attention(published, mask, listen):
    theirs, ours = twins(published, "Attention", 11, heads=3, dim_head=5, causal=True)
    if listen:
        ours.attn_dropout.register_forward_pre_hook(lambda *_: None)
    hidden = {"some": torch.rand(2, 7) < 0.5, "all": torch.zeros(2, 7, dtype=torch.bool)}
    call = {"x": torch.randn(2, 7, 11), "mask": hidden.get(mask)}
    call["attn_bias"] = torch.randn(3, 7, 7, requires_grad=True)
    weights = torch.randn(2, 7, 11)
    for mine, other in zip(*(_gradients(m, call, weights) for m in (ours, theirs)), strict=True):
        close(mine, other, 1e-4)


@pytest.mark.parametrize("nulls", [0, 2])
def test_gradients_of_queries_before_the_first_key(published, nulls):
    settings = {"heads": 3, "dim_head": 5, "causal": True, "num_null_kv": nulls}
    theirs, ours = twins(published, "Attention", 11, 6, **settings)
    call = {"x": torch.randn(2, 9, 11), "context": torch.randn(2, 4, 6)}
    call["attn_bias"] = torch.randn(3, 9, 4, requires_grad=True)
    weights = torch.randn(2, 9, 11)
    for mine, other in zip(*(_gradients(m, call, weights) for m in (ours, theirs)), strict=True):
        close(mine, other, 1e-4)


def _gradients(module, call, weights):
    wanted = [call["attn_bias"], *(p for p in module.parameters() if p.numel())]
    out = (module(**call) * weights).sum()
    found = torch.autograd.grad(out, wanted, allow_unused=True)
    return [gradient for gradient in found if gradient is not None]


@pytest.mark.parametrize("heads", [1, 2, 3, 5, 6, 8, 12, 16])
def test_alibi_of_a_fresh_module(published, heads):
    sim = torch.empty(2, heads, 5, 9)
    theirs, ours = twins(published, "AlibiPositionalBias", heads)
    assert torch.equal(ours.slopes, theirs.slopes)
    assert torch.equal(ours(sim), theirs(sim))


@pytest.mark.parametrize("dimensions", [(7,), (5, 3), (16, 16), (3, 5, 2), (5, 8, 8)])
@pytest.mark.parametrize("log_dist", [True, False])
@torch.no_grad()
def test_continuous_position_bias(published, dimensions, log_dist):
    settings = {"dim": 24, "heads": 3, "num_dims": len(dimensions), "log_dist": log_dist}
    theirs, ours = twins(published, "ContinuousPositionBias", **settings)
    close(ours(*dimensions), theirs(*dimensions), 1e-6)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("batching", ["b (t h w) d", "(b t) (h w) d", "(b h w) t d"])
@torch.no_grad()
def test_peg(published, causal, batching):
    theirs, ours = twins(published, "PEG", 6, causal)
    grid = torch.randn(2, 5, 3, 4, 6)
    x = rearrange(grid, f"b t h w d -> {batching}")
    close(ours(x, shape=(2, 5, 3, 4)), theirs(x, shape=(2, 5, 3, 4)))
    close(ours(grid), theirs(grid))


@pytest.mark.parametrize(("dim", "mult"), [(6, 4), (7, 2.5), (64, 4)])
@torch.no_grad()
def test_feed_forward_and_norm(published, dim, mult):
    x = torch.randn(2, 3, dim)
    theirs, ours = twins(published, "FeedForward", dim, mult)
    close(ours(x), theirs(x))
    theirs, ours = twins(published, "LayerNorm", dim)
    assert torch.equal(ours(x), theirs(x))


@pytest.mark.parametrize(("causal", "peg", "cross"), [*itertools.product((False, True), repeat=3)])
@torch.no_grad()
def test_transformer(published, causal, peg, cross):
    settings = {"heads": 3, "dim_head": 5, "causal": causal, "peg": peg, "peg_causal": causal}
    text = {"has_cross_attn": cross, "dim_context": 6, "attn_num_null_kv": 3}
    theirs, ours = twins(published, "Transformer", 12, depth=2, **settings, **text)
    call = {"video_shape": (2, 5, 3, 2), "self_attn_mask": torch.rand(2, 30) < 0.8}
    call["attn_bias"] = torch.randn(3, 30, 30)
    if cross:
        call |= {"context": torch.randn(2, 7, 6), "cross_attn_context_mask": torch.rand(2, 7) < 0.6}
    compare(theirs, ours, torch.randn(2, 30, 12), **call)


@torch.no_grad()
def test_temporal_transformer_mixes_space_and_time_as_published(published):
    settings = {"heads": 3, "dim_head": 5, "causal": True, "peg": True, "peg_causal": True}
    theirs, ours = twins(published, "Transformer", 12, depth=2, **settings)
    compare(theirs, ours, torch.randn(2 * 3 * 2, 5, 12), video_shape=(2, 5, 3, 2))


def test_the_same_seed_gives_the_same_weights(published):
    settings = {"depth": 2, "heads": 3, "dim_head": 5, "peg": True, "has_cross_attn": True}
    states = []
    for classes in (published, models):
        torch.manual_seed(3)
        states.append(classes.Transformer(12, **settings).state_dict())
    theirs, ours = states
    assert [*ours] == [*theirs]
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_the_package_itself_is_not_run(published):
    assert published.__file__.endswith("phenaki_pytorch/attention.py")
    assert "phenaki_pytorch" not in sys.modules


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ModuleNotFoundError, match=r"pip install --no-deps phenaki-pytorch==0\.5\.0"
    ):
        published_code.published_attention.__wrapped__()
