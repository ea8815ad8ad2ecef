import pytest
import torch
from torch import nn

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models import Transformer
from tests.models.listening import hear

SHAPE = B, T, H, W = 2, 5, 3, 2
DIM = 12
SMALL = {"heads": 3, "dim_head": 5}


def temporal(layout):
    """A causal transformer over time, as in C-ViViT: tokens are '(b h w) t d'."""
    causal = {"causal": True, "peg": True, "peg_causal": True}
    return Transformer(DIM, depth=2, peg_layout=layout, **causal, **SMALL).eval()


def moved(transformer):
    """Which steps' outputs change when the last step of every patch changes."""
    x = torch.randn(B * H * W, T, DIM)
    later = x.clone()
    later[:, -1] += 1
    change = transformer(later, SHAPE) - transformer(x, SHAPE)
    largest = change.abs().amax(dim=(0, 2))
    return [step for step in range(T) if largest[step] > 1e-5]


@torch.no_grad()
def test_rearranged_is_causal_and_published_is_not():
    assert moved(temporal("rearranged")) == [T - 1]
    assert moved(temporal("published")) == [*range(T)]


@pytest.mark.parametrize("layout", ["published", "rearranged"])
@torch.no_grad()
def test_the_maps_are_causal_in_both_layouts(layout):
    _, maps = hear(temporal(layout), torch.randn(B * H * W, T, DIM), SHAPE)
    assert [*maps] == ["layers.0.1", "layers.1.1"]
    for (attn,) in maps.values():
        assert torch.equal(attn, attn.tril())


@torch.no_grad()
def test_tokens_reach_the_convolution():
    transformer = temporal("rearranged")
    x, shape = torch.randn(2 * 4, 4, DIM), (2, 4, 2, 2)
    with pytest.raises(ShapeError, match="tokens='frame' or tokens='patch'"):
        transformer(x, shape)
    as_patches = transformer(x, shape, tokens="patch")
    assert not torch.allclose(as_patches, transformer(x, shape, tokens="frame"))


def test_state_dict_keys_leave_room_for_what_is_not_there():
    plain = Transformer(DIM, depth=1, **SMALL)
    assert {key.split(".")[2] for key in plain.state_dict() if key.startswith("layers")} == {
        "1",
        "3",
    }
    peg, self_attn, cross_attn, feed_forward = plain.layers[0]
    assert peg is None and cross_attn is None
    assert isinstance(feed_forward, nn.Sequential) and self_attn.num_null_kv == 0


def test_null_keys_are_for_cross_attention_only():
    both = Transformer(DIM, depth=1, has_cross_attn=True, attn_num_null_kv=3, causal=True, **SMALL)
    _, self_attn, cross_attn, _ = both.layers[0]
    assert (self_attn.num_null_kv, cross_attn.num_null_kv) == (0, 3)
    assert (self_attn.causal, cross_attn.causal) == (True, False)


@torch.no_grad()
def test_depth_0_is_the_norm_alone():
    transformer, x = Transformer(DIM, depth=0), torch.randn(2, 7, DIM)
    assert torch.equal(transformer(x), transformer.norm_out(x))


@torch.no_grad()
def test_one_token():
    transformer = Transformer(DIM, depth=2, peg=True, has_cross_attn=True, dim_context=4, **SMALL)
    x, words = torch.randn(1, 1, DIM), torch.randn(1, 1, 4)
    assert transformer.eval()(x, (1, 1, 1, 1), context=words).shape == (1, 1, DIM)


@torch.no_grad()
def test_without_context_nothing_is_read():
    transformer = Transformer(DIM, depth=2, has_cross_attn=True, dim_context=4, **SMALL).eval()
    x = torch.randn(2, 7, DIM)
    _, maps = hear(transformer, x)
    assert [name for name, calls in maps.items() if calls] == ["layers.0.1", "layers.1.1"]


@torch.no_grad()
def test_each_mask_goes_to_its_own_attention():
    transformer = Transformer(DIM, depth=1, has_cross_attn=True, dim_context=4, **SMALL).eval()
    x, words = torch.randn(2, 7, DIM), torch.randn(2, 5, 4)
    seen = torch.arange(7).expand(2, 7) < 6
    read = torch.arange(5).expand(2, 5) < 3
    call = {"self_attn_mask": seen, "cross_attn_context_mask": read}
    _, maps = hear(transformer, x, context=words, **call)
    (own,), (cross,) = maps["layers.0.1"], maps["layers.0.2"]
    assert (own[..., 6:] == 0).all() and (own[..., :6] > 0).all()
    assert (cross[..., 5:] == 0).all() and (cross[..., :5] > 0).all()  # two nulls, three words


@torch.no_grad()
def test_the_bias_goes_to_every_self_attention():
    transformer = Transformer(DIM, depth=2, has_cross_attn=True, dim_context=4, **SMALL).eval()
    bias = torch.zeros(3, 7, 7)
    bias[..., 2] = 1000.0
    x, words = torch.randn(2, 7, DIM), torch.randn(2, 5, 4)
    _, maps = hear(transformer, x, attn_bias=bias, context=words)
    for layer in (0, 1):
        assert (maps[f"layers.{layer}.1"][0][..., 2] == 1).all()
        assert (maps[f"layers.{layer}.2"][0] < 1).all()


def test_gradients_reach_every_parameter():
    transformer = Transformer(
        DIM, depth=2, peg=True, has_cross_attn=True, dim_context=4, **SMALL
    ).train()
    out = transformer(torch.randn(B, T * H * W, DIM), SHAPE, context=torch.randn(B, 5, 4))
    (out * torch.randn_like(out)).sum().backward()
    silent = [name for name, p in transformer.named_parameters() if p.grad is None]
    # Published too: the norm of a context that self-attention never has, and its empty nulls.
    assert all("1.context_norm" in name or "1.null_kv" in name for name in silent), silent
    norms = [p.grad.norm() for p in transformer.parameters() if p.grad is not None and p.numel()]
    assert all(norm > 0 for norm in norms)


def test_a_negative_depth_is_refused():
    with pytest.raises(ConfigError, match="a transformer with depth -1: use 0 layers or more"):
        Transformer(DIM, depth=-1)


def test_an_unknown_layout_is_refused():
    with pytest.raises(ConfigError, match="PEG layout is 'mended'"):
        Transformer(DIM, depth=1, peg=True, peg_layout="mended")
