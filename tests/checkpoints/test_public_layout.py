"""C-ViViT as its public weights of 2023 have it, against a forward written out here by hand.

Convolutions before every attention, no causal mask, no null key/values, codes narrower than the
model, and beside the weights what the losses were made of.
"""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn
from vector_quantize_pytorch import VectorQuantize

import phenaki_viz
from phenaki_viz.checkpoints import inspect_checkpoint, open_checkpoint
from phenaki_viz.checkpoints.describing import describe
from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.errors import CheckpointError
from phenaki_viz.models.configs import CViViTConfig
from phenaki_viz.recording.families.phenaki import null_keys
from phenaki_viz.runs.files import open_recording, save_recording
from phenaki_viz.runs.model import run_model
from tests.checkpoints.files import MASKGIT, pt, tensors, weights

HEADS, WIDTH, NARROW, CODES, PATCH, STEP = 3, 8, 6, 40, 8, 2
SIZE = (24, 40)
PUBLIC = CViViTConfig(
    dim=24,
    codebook_size=CODES,
    image_size=SIZE,
    patch_size=(PATCH, PATCH),
    temporal_patch_size=STEP,
    spatial_depth=2,
    temporal_depth=1,
    heads=HEADS,
    dim_head=WIDTH,
    quantiser="vq",
    codebook_dim=NARROW,
    spatial_peg=True,
    causal=False,
)
BESIDE = {
    "i3d.logits.bn.num_batches_tracked": torch.tensor(3),
    "i3d.end_points.weight": torch.zeros(2),
    "loss_fn_lpips.net.slice1.0.weight": torch.zeros(2),
    "discr.blocks.0.conv_res.weight": torch.zeros(3),
}


def stirred(config=PUBLIC):
    """Weights of which none has a starting value that would hide what it does."""
    state = weights(config)
    for key, tensor in state.items():
        if tensor.is_floating_point() and tensor.numel() and "_codebook" not in key:
            tensor += 0.2 * torch.randn_like(tensor)
    return state


def public(state=None):
    """As the file is: no empty null key/values, the losses beside."""
    return {k: v for k, v in (state or stirred()).items() if not k.endswith("null_kv")} | BESIDE


class ByHand:
    """The encoder and the decoder, from the names in the file; keeps every softmax."""

    def __init__(self, state, quantise):
        self.state, self.quantise, self.maps = state, quantise, {}

    def video(self, video):
        first, later = video[:, :, :1], video[:, :, 1:]
        first = rearrange(first, "b c 1 (h p) (w q) -> b 1 h w (c p q)", p=PATCH, q=PATCH)
        later = rearrange(
            later, "b c (t s) (h p) (w q) -> b t h w (c s p q)", s=STEP, p=PATCH, q=PATCH
        )
        x = torch.cat(
            [self.embed("to_patch_emb_first_frame", first), self.embed("to_patch_emb", later)], 1
        )
        x = self.frames("enc_spatial_transformer", x)
        x = self.time("enc_temporal_transformer", x)
        b, t, h, w, _ = x.shape
        x, codes = self.quantise(rearrange(x, "b t h w d -> b (t h w) d"))
        x = rearrange(x, "b (t h w) d -> b t h w d", t=t, h=h, w=w)
        x = self.time("dec_temporal_transformer", x)
        x = self.frames("dec_spatial_transformer", x)
        return self.pixels(x), codes.reshape(b, t, h, w)

    def at(self, name):
        return self.state[name]

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.at(f"{name}.weight"), self.at(f"{name}.bias"))

    def gain(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.at(f"{name}.gamma"), self.at(f"{name}.beta"))

    def embed(self, name, x):
        x = F.linear(
            self.norm(f"{name}.1", x), self.at(f"{name}.2.weight"), self.at(f"{name}.2.bias")
        )
        return self.norm(f"{name}.3", x)

    def pixels(self, x):
        first, later = (
            F.linear(part, self.at(f"{name}.0.weight"), self.at(f"{name}.0.bias"))
            for name, part in (("to_pixels_first_frame", x[:, :1]), ("to_pixels", x[:, 1:]))
        )
        first = rearrange(first, "b 1 h w (c p q) -> b c 1 (h p) (w q)", p=PATCH, q=PATCH)
        later = rearrange(
            later, "b t h w (c s p q) -> b c (t s) (h p) (w q)", s=STEP, p=PATCH, q=PATCH
        )
        return torch.cat([first, later], 2)

    def frames(self, name, x):
        b, t, h, w, _ = x.shape
        bias = self.bias(h, w)
        x = self.transformer(name, rearrange(x, "b t h w d -> (b t) (h w) d"), (b, t, h, w), bias)
        return rearrange(x, "(b t) (h w) d -> b t h w d", b=b, h=h)

    def time(self, name, x):
        b, t, h, w, _ = x.shape
        x = self.transformer(name, rearrange(x, "b t h w d -> (b h w) t d"), (b, t, h, w), 0)
        return rearrange(x, "(b h w) t d -> b t h w d", b=b, h=h)

    def bias(self, h, w):
        grid = torch.stack(torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij"), -1)
        grid = grid.reshape(h * w, 2)
        x = (grid[:, None] - grid[None]).float()
        x = x.sign() * (x.abs() + 1).log()
        for layer in ("0.0", "1.0"):
            x = F.linear(x, *self.line(f"spatial_rel_pos_bias.net.{layer}"))
            x = F.leaky_relu(x, 0.1)
        return rearrange(F.linear(x, *self.line("spatial_rel_pos_bias.net.2")), "i j h -> h i j")

    def line(self, name):
        return self.at(f"{name}.weight"), self.at(f"{name}.bias")

    def transformer(self, name, x, shape, bias):
        depth = 2 if "spatial" in name else 1
        for layer in range(depth):
            at = f"{name}.layers.{layer}"
            x = self.convolve(f"{at}.0.dsconv", x, shape) + x
            x = self.attend(f"{at}.1", x, bias) + x
            hidden = F.linear(self.norm(f"{at}.3.0", x), self.at(f"{at}.3.1.weight"))
            hidden, gate = hidden.chunk(2, dim=-1)
            x = F.linear(F.gelu(gate) * hidden, self.at(f"{at}.3.4.weight")) + x
        return self.gain(f"{name}.norm_out", x)

    def convolve(self, name, x, shape):
        """The released code reads any batch as the video: in time, that mixes space and time."""
        video = x.reshape(*shape, -1).permute(0, 4, 1, 2, 3)
        padded = F.pad(video, (1, 1, 1, 1, 2, 0))
        out = F.conv3d(padded, *self.line(name), groups=x.shape[-1])
        return out.permute(0, 2, 3, 4, 1).reshape(x.shape)

    def attend(self, name, x, bias):
        q = F.linear(self.gain(f"{name}.norm", x), self.at(f"{name}.to_q.weight"))
        k, v = F.linear(x, self.at(f"{name}.to_kv.weight")).chunk(2, dim=-1)
        q, k, v = (rearrange(one, "b n (h d) -> b h n d", h=HEADS) for one in (q, k, v))
        q = F.normalize(q, dim=-1) * self.at(f"{name}.q_scale")
        k = F.normalize(k, dim=-1) * self.at(f"{name}.k_scale")
        attn = (8 * q @ k.transpose(-1, -2) + bias).softmax(dim=-1)
        self.maps[name] = attn
        return F.linear(
            rearrange(attn @ v, "b h n d -> b n (h d)"), self.at(f"{name}.to_out.weight")
        )


def by_library(state):
    """The quantiser of vector-quantize-pytorch with codebook_dim, from the file's own tensors."""
    quantiser = VectorQuantize(
        dim=24, codebook_size=CODES, codebook_dim=NARROW, use_cosine_sim=True
    ).eval()
    own = {k.removeprefix("vq."): v for k, v in state.items() if k.startswith("vq.")}
    quantiser.load_state_dict(own, strict=True)
    return lambda x: quantiser(x)[:2]


def by_hand_before_1_5(state):
    """As the library did until 1.5: the angle decides, the vector keeps its length."""

    def quantise(x):
        book = state["vq._codebook.embed"][0]
        narrow = F.linear(x, state["vq.project_in.weight"], state["vq.project_in.bias"])
        codes = (F.normalize(narrow, dim=-1) @ F.normalize(book, dim=-1).T).argmax(-1)
        wide = F.linear(book[codes], state["vq.project_out.weight"], state["vq.project_out.bias"])
        return wide, codes

    return quantise


@pytest.mark.parametrize("write", [tensors, pt], ids=["safetensors", "pytorch_model.bin"])
@torch.no_grad()
def test_codes_reconstruction_and_every_map_of_the_public_layout(write):
    state = public()
    opened = open_checkpoint(("pytorch_model.bin", write(state)), {"image_size": SIZE})
    assert opened.config == PUBLIC
    video = torch.rand(2, 3, 5, *SIZE)
    hand = ByHand(state, by_library(state))
    expected, codes = hand.video(video)
    model = opened.model
    assert torch.equal(model(video, return_only_codebook_ids=True), codes)
    assert len(codes.unique()) > 3
    torch.testing.assert_close(model(video, return_recons_only=True), expected, atol=1e-5, rtol=0)
    again = model.decode_from_codebook_indices(codes)
    torch.testing.assert_close(again, expected, atol=1e-5, rtol=0)
    for storage in ("dense", "factored"):
        with phenaki_viz.record(model, storage=storage) as recording:
            model(video)
        assert [record.module for record in recording] == [*hand.maps]
        for record in recording:
            assert record.num_null_kv == 0 and not record.causal
            assert record.verification.max_abs_error < 1e-5
            whole = torch.stack([
                torch.stack([torch.from_numpy(record.map.full(b, h)) for h in range(HEADS)])
                for b in range(record.map.shape[0])
            ])  # fmt: skip
            torch.testing.assert_close(whole, hand.maps[record.module], atol=2e-6, rtol=0)


@torch.no_grad()
def test_frames_that_are_no_squares_to_the_recordings_file_and_back(tmp_path):
    model = open_checkpoint(("x.bin", pt(public())), {"image_size": "24x40"}).model
    run = run_model(model, sample_clip(), read_prompt(""))
    assert run.clip.frames.shape[1:3] == SIZE
    assert run.outcome.reconstruction.shape[1:3] == SIZE
    spatial, *_ = run.recording
    assert spatial.places.grid == (9, 3, 5) and spatial.map.shape[2:] == (15, 15)
    path = save_recording(tmp_path / "r.safetensors", run)
    opened = open_recording(path)
    assert opened.clip.frames.shape[1:3] == SIZE
    assert [record.map.shape for record in opened.recording] == [
        record.map.shape for record in run.recording
    ]
    said = "\n".join(opened.recording.provenance["assumed"])
    assert "image_size = 24×40 (as you say" in said and "causal = no (assumed" in said
    left = "\n".join(opened.recording.provenance["notes"])
    assert all(one in left for one in ("discr", "i3d", "loss_fn_lpips"))


def test_what_is_said_of_the_public_layout():
    lines = "\n".join(describe(inspect_checkpoint(("pytorch_model.bin", pt(public())))))
    assert f"codebook_dim = {NARROW}  (inferred" in lines and "older releases had none" in lines
    assert "null_kv = 0  (inferred: an older release" in lines and "spatial_peg" in lines
    assert "codes_by_angle" not in lines


# ---- the same quantiser as older releases of its library saved it


def older(state, *, flat=False):
    """Before 1.5 no running sum and vectors of any length; before 0.9 no axis for heads."""
    made = {k: v for k, v in state.items() if not k.endswith("embed_avg")}
    made["vq._codebook.initted"] = torch.ones(1)
    length = torch.linspace(0.2, 3, CODES)[None, :, None]
    made["vq._codebook.embed"] = made["vq._codebook.embed"] * length
    if flat:
        for name in ("embed", "cluster_size"):
            made[f"vq._codebook.{name}"] = made[f"vq._codebook.{name}"][0]
    return made


@pytest.mark.parametrize("flat", [False, True])
@torch.no_grad()
def test_a_codebook_of_before_1_5_finds_codes_by_the_angle(flat):
    opened = open_checkpoint(
        ("x.bin", pt(public(older(stirred(), flat=flat)))), {"image_size": SIZE}
    )
    assert opened.config == replace(PUBLIC, codes_by_angle=True)
    video = torch.rand(1, 3, 5, *SIZE)
    state = opened.model.state_dict()
    expected, codes = ByHand(state, by_hand_before_1_5(state)).video(video)
    assert torch.equal(opened.model.codes_of(video), codes)
    rebuilt = opened.model(video, return_recons_only=True)
    torch.testing.assert_close(rebuilt, expected, atol=1e-5, rtol=0)
    _, others = ByHand(state, by_library(state)).video(video)
    assert not torch.equal(others, codes)  # today's lookup would have shown other codes


@pytest.mark.parametrize("narrow", [0, NARROW])
@pytest.mark.parametrize("quantiser", ["vq", "lfq", "fsq"])
def test_quantisers_as_wide_as_the_model_and_narrower(quantiser, narrow):
    if quantiser != "vq" and narrow:
        with pytest.raises(phenaki_viz.errors.ConfigError, match="of a learned codebook"):
            replace(PUBLIC, quantiser=quantiser, fsq_levels=(8, 5) if quantiser == "fsq" else ())
        return
    levels = {"fsq": (8, 5, 5, 5)}.get(quantiser, ())
    size = {"lfq": 16, "fsq": math.prod(levels)}.get(quantiser, CODES)
    for dim in (24, 4):  # four bits or levels need no projection at all
        config = replace(
            PUBLIC, dim=dim, quantiser=quantiser, codebook_dim=narrow and dim // 2,
            codebook_size=size, fsq_levels=levels,
        )  # fmt: skip
        opened = open_checkpoint(("x.pt", pt(public(weights(config)))), {"image_size": SIZE})
        assert opened.config == config


def test_several_codes_a_token_are_refused():
    state = public()
    state["vq._codebook.embed"] = torch.randn(2, CODES, NARROW)
    with pytest.raises(CheckpointError, match="several codes a token"):
        open_checkpoint(("x.pt", pt(state)), {"image_size": SIZE})
    state = public()
    state["vq.project_in.weight"] = torch.randn(2 * NARROW, 24)
    with pytest.raises(CheckpointError, match="projects to 12: several codes a token"):
        open_checkpoint(("x.pt", pt(state)), {"image_size": SIZE})


def test_another_quantiser_is_refused():
    state = {k: v for k, v in public().items() if not k.startswith("vq.")}
    with pytest.raises(CheckpointError, match="no codebook, no bit mask and 24 numbers a code"):
        open_checkpoint(("x.pt", pt(state)), {"image_size": SIZE})


# ---- live models without null key/values


@pytest.mark.parametrize("how", ["none", "gone", "empty"])
@torch.no_grad()
def test_live_attention_without_null_key_values_is_recorded_exactly(how):
    model = open_checkpoint(("x.pt", pt(public())), {"image_size": SIZE}).model
    for module in model.modules():
        if isinstance(module, phenaki_viz.models.Attention) and how != "empty":
            del module.null_kv, module.num_null_kv
            if how == "none":
                module.null_kv = None
            module.num_null_kv = 0  # what our forward asks; the recorder does not
            assert null_keys(module) == 0
    video = torch.rand(1, 3, 3, *SIZE)
    for storage in ("dense", "factored"):
        with phenaki_viz.record(model, storage=storage, extras=("keys", "values")) as recording:
            model(video)
        assert len(recording) == 6
        assert all(record.verification.max_abs_error < 1e-5 for record in recording)
        assert all(record.keys.shape[2] == record.map.shape[3] for record in recording)


class OldAttention(nn.Module):
    """What attention had before 0.3.0: no q_scale, no k_scale."""

    def __init__(self):
        super().__init__()
        self.heads, self.scale, self.causal = 2, 8**-0.5, False
        self.attn_dropout = nn.Dropout(0.0)
        self.to_q = nn.Linear(32, 16, bias=False)
        self.to_kv = nn.Linear(32, 32, bias=False)
        self.to_out = nn.Linear(16, 32, bias=False)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (OldAttention(), r"OldAttention has attention without q_scale .* before 0\.3\.0"),
        (nn.Sequential(nn.ReLU(), OldAttention()), r"without q_scale and k_scale \(1\)"),
        (nn.Linear(2, 2), r"Linear has no attention module: looked for modules with to_q, to_kv"),
    ],
)
def test_models_that_cannot_be_recorded_say_why(model, said):
    with pytest.raises(phenaki_viz.errors.RecordingError, match=said), phenaki_viz.record(model):
        pass


def test_an_older_maskgit_has_no_empty_null_key_values_either():
    state = {
        k: v for k, v in weights(MASKGIT).items() if not (k.endswith("null_kv") and not v.numel())
    }
    assert len(state) < len(weights(MASKGIT))
    assert open_checkpoint(("x.pt", pt(state))).config == MASKGIT
