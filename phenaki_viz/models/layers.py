"""The small layers around attention: norm, gated feed-forward, position generating convolution."""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from einops import pack, rearrange, unpack
from torch import nn

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.numerics.precision import autocast_dtype

PegLayout = Literal["published", "rearranged"]
Tokens = Literal["video", "frame", "patch"]  # what one item of the batch holds
VideoShape = tuple[int, int, int, int]  # b t h w


class LayerNorm(nn.Module):
    """Layer norm with a learned gain and no learned shift: '… d' → '… d'.

    Source: phenaki-pytorch 0.5.0 attention.py, LayerNorm.
    """

    beta: torch.Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(dim))
        self.register_buffer("beta", torch.zeros(dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: '… d'."""
        return F.layer_norm(x, x.shape[-1:], self.gamma, self.beta)


class GEGLU(nn.Module):
    """Half of the features gate the other half: '… 2d' → '… d'.

    Source: Shazeer 2020, GLU Variants Improve Transformer.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: '… 2d', the gate last."""
        x, gate = x.chunk(2, dim=-1)
        return F.gelu(gate) * x


class AlignedLinear(nn.Linear):
    """A bias-free Linear that writes rows at multiples of 64 bytes: same numbers, sooner.

    The widths of `FeedForward`, 2 · int(8/3 · dim), are seldom a multiple of 16 numbers, and
    for others the CPU's matrix product takes half as long again at dim 512.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: '… in' → '… out'; where no gradient is wanted, a view of a wider tensor."""
        spare = -self.out_features % 16
        on_cpu = x.device.type == "cpu" and not autocast_dtype(x.device)
        if torch.is_grad_enabled() or not on_cpu or not spare:
            return super().forward(x)
        rows, leading = pack([x], "* d")
        out = rows.new_empty(len(rows), self.out_features + spare)[:, : self.out_features]
        torch.mm(rows, self.weight.t(), out=out)
        (unpacked,) = unpack(out, leading, "* d")
        return unpacked


def FeedForward(dim: int, mult: float = 4, dropout: float = 0.0) -> nn.Sequential:  # noqa: N802
    """Norm, GEGLU of width int(mult · 2/3 · dim), projection back; a Sequential, as published.

    Raises ConfigError when it would have no width.
    """
    inner = int(mult * (2 / 3) * dim)
    if inner < 1:
        raise ConfigError(f"a feed-forward {mult:g} × 2/3 × {dim} wide: use a width of at least 1")
    return nn.Sequential(
        nn.LayerNorm(dim),
        AlignedLinear(dim, inner * 2),
        GEGLU(),
        nn.Dropout(dropout),
        nn.Linear(inner, dim, bias=False),
    )


class PEG(nn.Module):
    """Position generating: a depthwise 3 × 3 × 3 convolution over the token grid.

    causal: pad time at the front only, so that a step sees itself and the two before it.
    layout matters for tokens batched by patch, '(b h w) t d' (C-ViViT's temporal transformer):
    "published" reads them as if they were in the order 'b t h w d', which mixes space with time
    and lets the future leak whatever `causal` says; "rearranged" puts the axes in order first.
    Source: Chu et al. 2021, Conditional Positional Encodings for Vision Transformers;
    phenaki-pytorch 0.5.0, PEG.
    """

    def __init__(self, dim: int, causal: bool = False, layout: PegLayout = "published") -> None:
        super().__init__()
        if layout not in get_args(PegLayout):
            raise ConfigError(f"PEG layout is {layout!r}: use 'published' or 'rearranged'")
        self.causal = causal
        self.layout = layout
        self.dsconv = nn.Conv3d(dim, dim, 3, groups=dim)

    def forward(
        self,
        x: torch.Tensor,
        shape: VideoShape | None = None,
        *,
        tokens: Tokens | None = None,
    ) -> torch.Tensor:
        """x: 'b t h w d', or 'b n d' with the shape (b, t, h, w) of the whole video.

        tokens: what a batch item holds, a whole video 'b (t h w) d', one frame '(b t) (h w) d' or
        one patch over time '(b h w) t d'. Only the layout "rearranged" asks, and it can tell by
        the shapes unless there are as many steps as patches a frame.
        Raises ShapeError when the shape is missing, not filled, or tells no batching apart.
        """
        if x.ndim == 5:
            return self._convolve(x)
        b, t, h, w = _video_shape(x, shape)
        held = tokens or (_tokens(x, (b, t, h, w)) if self.layout == "rearranged" else None)
        _check_batching(x, (b, t, h, w), held)
        if self.layout == "rearranged" and held == "patch":
            grid = rearrange(x, "(b h w) t d -> b t h w d", b=b, h=h, w=w)
            return rearrange(self._convolve(grid), "b t h w d -> (b h w) t d")
        in_order = rearrange(x, "batch n d -> (batch n) d")
        grid = rearrange(in_order, "(b t h w) d -> b t h w d", b=b, t=t, h=h, w=w)
        in_order = rearrange(self._convolve(grid), "b t h w d -> (b t h w) d")
        return rearrange(in_order, "(batch n) d -> batch n d", n=x.shape[1])

    def _convolve(self, grid: torch.Tensor) -> torch.Tensor:
        before = 2 if self.causal else 1
        padded = F.pad(rearrange(grid, "b t h w d -> b d t h w"), (1, 1, 1, 1, before, 2 - before))
        if autocast_dtype(grid.device) is None:
            convolved = self.dsconv(padded)
        else:
            # Half precision saves nothing in a convolution that is no matrix product, and on a CPU
            # its gradient takes twice as long.
            with torch.autocast(grid.device.type, enabled=False):
                convolved = self.dsconv(padded.to(self.dsconv.weight.dtype))
        return rearrange(convolved, "b d t h w -> b t h w d")


def _video_shape(x: torch.Tensor, shape: VideoShape | None) -> VideoShape:
    """The shape, if it is one and the tokens fill it."""
    found = " × ".join(map(str, x.shape))
    if x.ndim != 3:
        raise ShapeError(f"PEG takes tokens b × n × d or a grid b × t × h × w × d; got {found}")
    if shape is None or len(shape) != 4:
        raise ShapeError(
            f"PEG cannot place tokens {found} without the video shape (b, t, h, w); got {shape}"
        )
    b, t, h, w = shape
    if x.shape[0] * x.shape[1] != b * t * h * w:
        raise ShapeError(
            f"tokens {found} are {x.shape[0] * x.shape[1]}; the video shape {b} × {t} × {h} × {w} "
            f"(b, t, h, w) holds {b * t * h * w}"
        )
    return b, t, h, w


def _batchings(video_shape: VideoShape) -> dict[Tokens, tuple[int, int]]:
    """Batch items and tokens of each, for every way to batch a video."""
    b, t, h, w = video_shape
    return {"video": (b, t * h * w), "frame": (b * t, h * w), "patch": (b * h * w, t)}


def _tokens(x: torch.Tensor, video_shape: VideoShape) -> Tokens:
    fits = [name for name, sizes in _batchings(video_shape).items() if x.shape[:2] == sizes]
    _, t, _, _ = video_shape
    if fits == ["frame", "patch"]:
        raise ShapeError(
            f"with {t} steps of {t} patches each, shapes cannot tell whether the batch holds "
            "frames or patches: pass tokens='frame' or tokens='patch'"
        )
    return fits[0] if fits else "video"


def _check_batching(x: torch.Tensor, video_shape: VideoShape, tokens: Tokens | None) -> None:
    if tokens is None:
        return
    batchings = _batchings(video_shape)
    if tokens not in batchings:
        raise ShapeError(f"tokens is {tokens!r}: use 'video', 'frame' or 'patch'")
    if x.shape[:2] != batchings[tokens]:
        items, each = batchings[tokens]
        raise ShapeError(
            f"tokens={tokens!r} of the video shape {video_shape} are {items} items of {each}; "
            f"got {x.shape[0]} items of {x.shape[1]}"
        )
