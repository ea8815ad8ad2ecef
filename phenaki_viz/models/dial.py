"""The transformer that the sliders turn: real attention, random weights, a clip and a prompt.

Two layouts of Phenaki (arXiv 2210.02399, section 2): "joint", as MaskGit looks at all tokens of
the video at once (and at the text), and "factorised", as C-ViViT's encoder looks at one frame at
a time and then at one patch over time.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from einops import rearrange
from torch import nn

from phenaki_viz.errors import ConfigError
from phenaki_viz.models.layers import PegLayout
from phenaki_viz.models.patches import PatchEmbedding, grid_of
from phenaki_viz.models.position import ContinuousPositionBias
from phenaki_viz.models.seeding import random_stream
from phenaki_viz.models.transformer import Transformer

Layout = Literal["joint", "factorised"]

_RANGES = {
    "heads": (1, 64),
    "depth": (0, 48),
    "dim_head": (1, 512),
    "dim": (1, 4096),
    "channels": (1, 4),
    "patch": (1, 256),
    "temporal_patch": (1, 64),
    "frames": (1, 1025),
    "height": (1, 2048),
    "width": (1, 2048),
    "null_kv": (0, 64),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True, kw_only=True)
class DialConfig:
    """Every setting of a dialled model; refused with a ConfigError when it cannot be built.

    height, width: pixels, multiples of `patch`. frames: 1 + a multiple of `temporal_patch`.
    causal: of the joint or the temporal attention; brings ALiBi. position_bias: the continuous
    position bias of the joint or the spatial attention. cross: text cross-attention (joint
    layout only) with `null_kv` null key/values. peg_layout: see `Transformer`.
    """

    layout: Layout = "joint"
    heads: int = 8
    depth: int = 4
    dim_head: int = 32
    dim: int = 128
    channels: int = 3
    patch: int = 8
    temporal_patch: int = 2
    frames: int = 9
    height: int = 64
    width: int = 64
    causal: bool = False
    peg: bool = True
    peg_causal: bool = False
    peg_layout: PegLayout = "published"
    cross: bool = True
    null_kv: int = 2
    position_bias: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ConfigError(f"{name} is {value!r}; it must be a whole number {low} to {high}")
        if self.layout not in ("joint", "factorised"):
            raise ConfigError(f"layout is {self.layout!r}; it must be 'joint' or 'factorised'")
        if self.cross and self.layout == "factorised":
            raise ConfigError("C-ViViT reads no text: turn cross-attention off or use 'joint'")
        grid_of(self.frames, self.height, self.width, self.patch, self.temporal_patch)

    @property
    def grid(self) -> tuple[int, int, int]:
        """Tokens as 't h w'."""
        return grid_of(self.frames, self.height, self.width, self.patch, self.temporal_patch)

    @property
    def tokens(self) -> int:
        """Tokens of one video."""
        return math.prod(self.grid)


@dataclass(frozen=True)
class Work:
    """What one recorded forward of one video takes.

    map_bytes: float32 maps of all layers. multiply_adds: of all matrix products.
    """

    map_bytes: int
    multiply_adds: int


def work_of(config: DialConfig, words: int = 0) -> Work:
    """Bytes of maps and multiply-adds of a dialled model, from its settings alone."""
    t, h, w = config.grid
    n, inner = config.tokens, config.heads * config.dim_head
    joint = config.layout == "joint"
    cells = n * n if joint else t * (h * w) ** 2 + h * w * t**2
    if joint and config.cross and words:
        cells += n * (words + config.null_kv)
    layers = config.depth * (1 if joint else 2)
    per_token = 4 * config.dim * inner + int(4 * 2 / 3 * config.dim) * config.dim * 3
    per_token += 27 * config.dim if config.peg else 0
    products = layers * n * per_token + config.depth * cells * 2 * inner
    return Work(map_bytes=config.depth * config.heads * cells * 4, multiply_adds=products)


class DialledModel(nn.Module):
    """Patch embedding and the attention of Phenaki, as dialled; weights random from the seed.

    Sub-modules are named as in phenaki-pytorch: `continuous_pos_bias`, `transformer` (joint);
    `spatial_rel_pos_bias`, `enc_spatial_transformer`, `enc_temporal_transformer` (factorised).
    """

    random_weights = True

    def __init__(self, config: DialConfig) -> None:
        super().__init__()
        self.config = config
        with random_stream(config.seed):
            self.to_tokens = PatchEmbedding(
                dim=config.dim,
                channels=config.channels,
                patch_size=config.patch,
                temporal_patch_size=config.temporal_patch,
            )
            self._build_joint() if config.layout == "joint" else self._build_factorised()

    def _build_joint(self) -> None:
        config = self.config
        if config.position_bias:
            self.continuous_pos_bias = ContinuousPositionBias(
                dim=config.dim_head, heads=config.heads, num_dims=3
            )
        self.transformer = Transformer(
            config.dim,
            depth=config.depth,
            dim_head=config.dim_head,
            heads=config.heads,
            causal=config.causal,
            peg=config.peg,
            peg_causal=config.peg_causal,
            has_cross_attn=config.cross,
            attn_num_null_kv=config.null_kv,
        )

    def _build_factorised(self) -> None:
        config = self.config
        if config.position_bias:
            self.spatial_rel_pos_bias = ContinuousPositionBias(dim=config.dim, heads=config.heads)
        self.enc_spatial_transformer = Transformer(
            config.dim, depth=config.depth, dim_head=config.dim_head, heads=config.heads
        )
        self.enc_temporal_transformer = Transformer(
            config.dim,
            depth=config.depth,
            dim_head=config.dim_head,
            heads=config.heads,
            causal=config.causal,
            peg=config.peg,
            peg_causal=config.peg_causal,
            peg_layout=config.peg_layout,
        )

    def forward(
        self,
        video: torch.Tensor,
        context: torch.Tensor | None = None,
        context_mask: torch.Tensor | None = None,
        token_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Tokens 'b t h w d' of a video 'b c f H W' in 0..1.

        context: 'b words d', the text of cross-attention; context_mask: 'b words' bool.
        token_mask: 'b (t h w)' bool, False for padding (joint layout).
        Raises ShapeError when the video does not fit the patch grid.
        """
        return self.attend(self.to_tokens(video), context, context_mask, token_mask)

    def attend(
        self,
        tokens: torch.Tensor,
        context: torch.Tensor | None = None,
        context_mask: torch.Tensor | None = None,
        token_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """`forward` from the patch embedding on: tokens 'b t h w d' to tokens 'b t h w d'.

        For tokens of which some are no patches, such as the mask vectors of training.
        """
        if self.config.layout == "factorised":
            return self._factorised(tokens)
        return self._joint(tokens, context, context_mask, token_mask)

    def _joint(
        self,
        tokens: torch.Tensor,
        context: torch.Tensor | None,
        context_mask: torch.Tensor | None,
        token_mask: torch.Tensor | None,
    ) -> torch.Tensor:
        b, t, h, w, _ = tokens.shape
        bias = None
        if self.config.position_bias:
            bias = self.continuous_pos_bias(t, h, w, device=tokens.device, dense=False)
        out = self.transformer(
            rearrange(tokens, "b t h w d -> b (t h w) d"),
            video_shape=(b, t, h, w),
            attn_bias=bias,
            context=context,
            self_attn_mask=token_mask,
            cross_attn_context_mask=context_mask,
        )
        return rearrange(out, "b (t h w) d -> b t h w d", t=t, h=h, w=w)

    def _factorised(self, tokens: torch.Tensor) -> torch.Tensor:
        b, t, h, w, _ = tokens.shape
        shape = b, t, h, w
        bias = None
        if self.config.position_bias:
            bias = self.spatial_rel_pos_bias(h, w, device=tokens.device, dense=False)
        x = rearrange(tokens, "b t h w d -> (b t) (h w) d")
        x = self.enc_spatial_transformer(x, shape, attn_bias=bias, tokens="frame")
        x = rearrange(x, "(b t) (h w) d -> (b h w) t d", t=t, h=h, w=w)
        x = self.enc_temporal_transformer(x, shape, tokens="patch")
        return rearrange(x, "(b h w) t d -> b t h w d", b=b, h=h, w=w)


def build(config: DialConfig) -> DialledModel:
    """The model in eval mode; the same settings give the same weights."""
    return DialledModel(config).eval()
