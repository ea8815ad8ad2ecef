import pytest
import torch
from einops import rearrange
from torch import nn

from phenaki_viz.models import ContinuousPositionBias, PatchEmbedding, Transformer
from tests.models.listening import hear
from tests.models.parity import NAMES, Parity, largest_errors


def close(ours, theirs):
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


def test_every_kind_of_module_has_parity_data():
    assert len(NAMES) == 15


@pytest.mark.parametrize("name", NAMES)
def test_published_numbers(name):
    errors = largest_errors(name)
    assert max(errors.values()) <= 1e-5, errors


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("a")])
def test_every_published_map_was_compared(name):
    parity = Parity.read(name)
    assert len(parity.maps()) == (parity.kind == "Attention")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("alibi")])
def test_published_slopes(name):
    parity = Parity.read(name)
    assert torch.equal(parity.build().slopes, parity.tensors["out.slopes"])


class Encoder(nn.Module):
    """C-ViViT's encoder, put together of our parts as upstream puts its own."""

    def __init__(self, dim, spatial_depth, temporal_depth, dim_head, heads, **patches):
        super().__init__()
        shared = {"dim_head": dim_head, "heads": heads}
        temporal = {"causal": True, "peg": True, "peg_causal": True}
        self.patches = PatchEmbedding(dim=dim, **patches)
        self.spatial_rel_pos_bias = ContinuousPositionBias(dim=dim, heads=heads)
        self.enc_spatial_transformer = Transformer(dim, depth=spatial_depth, **shared)
        self.enc_temporal_transformer = Transformer(dim, depth=temporal_depth, **temporal, **shared)

    def forward(self, video):
        x = self.patches(video)
        video_shape = _, t, h, w = tuple(x.shape[:4])
        x = rearrange(x, "b t h w d -> (b t) (h w) d")
        x = self.enc_spatial_transformer(x, attn_bias=self.spatial_rel_pos_bias(h, w))
        x = rearrange(x, "(b t) (h w) d -> (b h w) t d", t=t, h=h)
        return self.enc_temporal_transformer(x, video_shape=video_shape)


@pytest.mark.parametrize("name", ["cvivit_lfq", "cvivit_vq"])
@torch.no_grad()
def test_maps_of_the_published_cvivit_encoder(name):
    parity = Parity.read(name)
    skipped = ("codebook_size", "image_size", "lookup_free_quantization")
    encoder = Encoder(**{k: v for k, v in parity.kwargs.items() if k not in skipped}).eval()
    state = {
        f"patches.{key}" if key.startswith("to_patch_emb") else key: tensor
        for key, tensor in parity.under("state").items()
        if key.startswith(("to_patch_emb", "enc_", "spatial_rel_pos_bias"))
    }
    encoder.load_state_dict(state, strict=True)
    _, maps = hear(encoder, parity.tensors["in.video"])
    published = {k: v for k, v in parity.maps().items() if k.startswith("enc_")}
    assert set(maps) == set(published)
    for module, (ours,) in maps.items():
        close(ours, published[module][0])


class Tokens(nn.Module):
    """MaskGit, put together of our parts as upstream puts its own."""

    def __init__(self, dim, num_tokens, max_seq_len, heads, dim_head, unconditional=False, **rest):
        super().__init__()
        cross = {"has_cross_attn": not unconditional, "peg": True}
        self.token_emb = nn.Embedding(num_tokens + 1, dim)
        self.pos_emb = nn.Embedding(max_seq_len, dim)
        self.continuous_pos_bias = ContinuousPositionBias(dim=dim_head, heads=heads, num_dims=3)
        self.transformer = Transformer(dim, heads=heads, dim_head=dim_head, **cross, **rest)
        self.to_logits = nn.Linear(dim, num_tokens)

    def forward(self, x, video_patch_shape, context=None, text_mask=None):
        b, n = x.shape
        bias = self.continuous_pos_bias(*video_patch_shape)
        x = self.token_emb(x) + self.pos_emb(torch.arange(n))
        x = self.transformer(x, (b, *video_patch_shape), bias, context, None, text_mask)
        return self.to_logits(x)


@pytest.mark.parametrize("name", ["maskgit", "maskgit_unconditional"])
@torch.no_grad()
def test_logits_and_maps_of_the_published_maskgit(name):
    parity = Parity.read(name)
    maskgit = Tokens(**parity.kwargs).eval()
    maskgit.load_state_dict(parity.under("state"), strict=True)
    _, call = parity.arguments()
    logits, maps = hear(maskgit, **call)
    close(maskgit(**call), parity.output())
    close(logits, parity.output())
    assert set(maps) == set(parity.maps())
    for module, (theirs,) in parity.maps().items():
        close(maps[module][0], theirs)
