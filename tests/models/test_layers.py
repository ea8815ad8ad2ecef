import itertools

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models import GEGLU, PEG, FeedForward, LayerNorm
from phenaki_viz.models.layers import AlignedLinear

SHAPE = B, T, H, W = 2, 5, 3, 4
DIM = 6

BATCHINGS = {
    "video": "b (t h w) d",
    "frame": "(b t) (h w) d",
    "patch": "(b h w) t d",
}


def close(ours, theirs, atol=1e-6):
    torch.testing.assert_close(ours, theirs, atol=atol, rtol=0)


def test_layer_norm_has_a_gain_and_a_fixed_shift():
    norm = LayerNorm(7)
    assert [*norm.state_dict()] == ["gamma", "beta"]
    assert [name for name, _ in norm.named_parameters()] == ["gamma"]
    out = norm(5 + 3 * torch.randn(3, 7))
    close(out.mean(dim=-1), torch.zeros(3), 1e-5)
    close(out.std(dim=-1, correction=0), torch.ones(3), 1e-3)


def test_geglu_gates_with_its_second_half():
    x, gate = torch.randn(3, 5), torch.randn(3, 5)
    close(GEGLU()(torch.cat((x, gate), dim=-1)), x * F.gelu(gate))


@pytest.mark.parametrize(("dim", "mult"), [(6, 4), (7, 2.5), (16, 3), (512, 4)])
def test_feed_forward_keys_and_widths(dim, mult):
    inner = int(mult * (2 / 3) * dim)
    shapes = {key: tuple(value.shape) for key, value in FeedForward(dim, mult).state_dict().items()}
    assert shapes == {
        "0.weight": (dim,),
        "0.bias": (dim,),
        "1.weight": (2 * inner, dim),
        "4.weight": (dim, inner),
    }


@pytest.mark.parametrize("leading", [(5,), (2, 3), (2, 3, 4), (0, 3), ()])
@pytest.mark.parametrize("out_features", [1, 15, 16, 34])
def test_aligned_linear_is_a_linear(leading, out_features):
    linear, x = AlignedLinear(7, out_features), torch.randn(*leading, 7)
    with torch.no_grad():
        aligned = linear(x)
    assert aligned.shape == (*leading, out_features)
    close(aligned, F.linear(x, linear.weight))
    close(linear(x), F.linear(x, linear.weight))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@torch.no_grad()
def test_aligned_linear_keeps_the_precision(dtype):
    linear, x = AlignedLinear(7, 15), torch.randn(3, 7)
    assert linear.to(dtype)(x.to(dtype)).dtype == dtype
    with torch.autocast("cpu", torch.bfloat16):
        assert linear.float()(x).dtype == torch.bfloat16


def test_aligned_linear_is_trained():
    linear = AlignedLinear(7, 15)
    linear(torch.ones(2, 7)).sum().backward()
    assert torch.equal(linear.weight.grad, torch.full((15, 7), 2.0))


# The position generating convolution.


def convolved(peg, grid):
    """What a PEG should make of a grid 'b t h w d', cell by cell."""
    before = 2 if peg.causal else 1
    kernel = rearrange(peg.dsconv.weight, "d 1 t h w -> t h w d")
    out = peg.dsconv.bias.expand(grid.shape).clone()
    cells = itertools.product(*(range(size) for size in grid.shape[1:4]))
    for t, h, w in cells:
        for dt, dh, dw in itertools.product(range(3), repeat=3):
            at = t + dt - before, h + dh - 1, w + dw - 1
            if all(0 <= a < size for a, size in zip(at, grid.shape[1:4], strict=True)):
                out[:, t, h, w] += grid[:, at[0], at[1], at[2]] * kernel[dt, dh, dw]
    return out


@pytest.mark.parametrize("causal", [False, True])
@torch.no_grad()
def test_peg_is_a_depthwise_convolution_over_the_grid(causal):
    peg, grid = PEG(DIM, causal=causal), torch.randn(*SHAPE, DIM)
    close(peg(grid), convolved(peg, grid), 1e-5)


@pytest.mark.parametrize("tokens", BATCHINGS)
@pytest.mark.parametrize("stated", [False, True])
@torch.no_grad()
def test_rearranged_reads_every_batching_as_the_same_grid(tokens, stated):
    peg, grid = PEG(DIM, layout="rearranged"), torch.randn(*SHAPE, DIM)
    x = rearrange(grid, f"b t h w d -> {BATCHINGS[tokens]}")
    out = peg(x, SHAPE, tokens=tokens if stated else None)
    close(out, rearrange(convolved(peg, grid), f"b t h w d -> {BATCHINGS[tokens]}"), 1e-5)


@pytest.mark.parametrize("tokens", ["video", "frame"])
@torch.no_grad()
def test_both_layouts_agree_where_tokens_are_in_order(tokens):
    published, rearranged = PEG(DIM), PEG(DIM, layout="rearranged")
    rearranged.load_state_dict(published.state_dict())
    x = torch.randn(*rearrange(torch.empty(*SHAPE, DIM), f"b t h w d -> {BATCHINGS[tokens]}").shape)
    assert torch.equal(published(x, SHAPE), rearranged(x, SHAPE))


def moved(peg):
    """Which steps a causal PEG changes when the last step of every patch changes."""
    x = torch.randn(B * H * W, T, DIM)
    later = x.clone()
    later[:, -1] += 1
    change = (peg(later, SHAPE) - peg(x, SHAPE)).abs().amax(dim=(0, 2))
    return [step for step in range(T) if change[step] > 1e-6]


@torch.no_grad()
def test_published_layout_leaks_the_future_and_rearranged_does_not():
    assert moved(PEG(DIM, causal=True, layout="rearranged")) == [T - 1]
    assert moved(PEG(DIM, causal=True)) == [*range(T)]


@pytest.mark.parametrize("tokens", ["frame", "patch"])
@torch.no_grad()
def test_as_many_steps_as_patches_must_be_told(tokens):
    peg, shape = PEG(DIM, layout="rearranged"), (2, 4, 2, 2)
    grid = torch.randn(*shape, DIM)
    x = rearrange(grid, f"b t h w d -> {BATCHINGS[tokens]}")
    with pytest.raises(ShapeError, match=r"4 steps of 4 patches each.*tokens='frame' or"):
        peg(x, shape)
    out = peg(x, shape, tokens=tokens)
    close(out, rearrange(convolved(peg, grid), f"b t h w d -> {BATCHINGS[tokens]}"), 1e-5)


@pytest.mark.parametrize("shape", [(3, 1, 1, 1), (2, 5, 1, 1), (2, 1, 3, 4), (1, 1, 1, 7)])
@pytest.mark.parametrize("tokens", BATCHINGS)
@torch.no_grad()
def test_axes_of_one_need_not_be_told(shape, tokens):
    peg, grid = PEG(DIM, layout="rearranged"), torch.randn(*shape, DIM)
    x = rearrange(grid, f"b t h w d -> {BATCHINGS[tokens]}")
    assert torch.equal(peg(x, shape), peg(x, shape, tokens=tokens))


@pytest.mark.parametrize(
    ("size", "shape", "message"),
    [
        ((2, 60), None, "tokens 2 × 60 × 6 without the video shape"),
        ((2, 60), (2, 5, 12), r"without the video shape .*got \(2, 5, 12\)"),
        ((2, 60), (2, 5, 3, 3), "2 × 60 × 6 are 120; the video shape 2 × 5 × 3 × 3 .* holds 90"),
        ((2, 3, 5), SHAPE, "or a grid b × t × h × w × d; got 2 × 3 × 5 × 6"),
    ],
)
def test_tokens_that_do_not_fill_the_video_are_refused(size, shape, message):
    with pytest.raises(ShapeError, match=message):
        PEG(DIM)(torch.zeros(*size, DIM), shape)


@pytest.mark.parametrize("layout", ["published", "rearranged"])
def test_tokens_stated_wrongly_are_refused(layout):
    peg, x = PEG(DIM, layout=layout), torch.zeros(B, T * H * W, DIM)
    with pytest.raises(ShapeError, match=r"tokens='patch' of .* are 24 items of 5; got 2 items of"):
        peg(x, SHAPE, tokens="patch")
    with pytest.raises(ShapeError, match="tokens is 'time': use 'video', 'frame' or 'patch'"):
        peg(x, SHAPE, tokens="time")


def test_an_unknown_layout_is_refused():
    with pytest.raises(ConfigError, match="layout is 'fixed': use 'published' or 'rearranged'"):
        PEG(DIM, layout="fixed")
