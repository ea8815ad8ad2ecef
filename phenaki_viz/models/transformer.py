"""A stack of layers: convolution, self-attention, cross-attention, feed-forward."""

from typing import Any

import torch
from torch import nn

from phenaki_viz.errors import ConfigError
from phenaki_viz.models.attention import Attention
from phenaki_viz.models.layers import PEG, FeedForward, LayerNorm, PegLayout, Tokens, VideoShape
from phenaki_viz.numerics.offsets import OffsetBias


class Transformer(nn.Module):
    """`depth` layers over tokens 'b n d', each part residual, then a norm.

    peg, peg_causal: a `PEG` before every self-attention, looking back only if causal.
    has_cross_attn: every layer also reads `context`, with `attn_num_null_kv` null key/values.
    peg_layout: see `PEG`; not in the published class, which always reads as "published".
    Source: phenaki-pytorch 0.5.0 attention.py, Transformer.
    """

    def __init__(
        self,
        dim: int,
        *,
        depth: int,
        dim_context: int | None = None,
        causal: bool = False,
        dim_head: int = 64,
        heads: int = 8,
        ff_mult: float = 4,
        peg: bool = False,
        peg_causal: bool = False,
        attn_num_null_kv: int = 2,
        has_cross_attn: bool = False,
        attn_dropout: float = 0.0,
        ff_dropout: float = 0.0,
        peg_layout: PegLayout = "published",
    ) -> None:
        super().__init__()
        if depth < 0:
            raise ConfigError(f"a transformer with depth {depth}: use 0 layers or more")
        shared: dict[str, Any] = {"dim_head": dim_head, "heads": heads, "dropout": attn_dropout}
        reads: dict[str, Any] = {"dim_context": dim_context, "num_null_kv": attn_num_null_kv}

        def layer() -> nn.ModuleList:
            # A None keeps its place, so that state_dict keys are as published.
            parts: list[Any] = [
                PEG(dim, causal=peg_causal, layout=peg_layout) if peg else None,
                Attention(dim, causal=causal, **shared),
                Attention(dim, **reads, **shared) if has_cross_attn else None,
                FeedForward(dim, ff_mult, ff_dropout),
            ]
            return nn.ModuleList(parts)

        self.layers = nn.ModuleList(layer() for _ in range(depth))
        self.norm_out = LayerNorm(dim)

    def forward(
        self,
        x: torch.Tensor,
        video_shape: VideoShape | None = None,
        attn_bias: torch.Tensor | OffsetBias | None = None,
        context: torch.Tensor | None = None,
        self_attn_mask: torch.Tensor | None = None,
        cross_attn_context_mask: torch.Tensor | None = None,
        *,
        tokens: Tokens | None = None,
    ) -> torch.Tensor:
        """x: 'b n d', d = dim. video_shape: (b, t, h, w) of the whole video, needed by PEG.

        attn_bias: 'h n n' or its table of offsets, shared by the self-attention of all layers.
        context: 'b words c'; without it cross-attention is left out. Masks: 'b n' and 'b words'
        bool, False is hidden. tokens: what a batch item holds, "video", "frame" or "patch"; see
        `PEG`.
        Returns 'b n d'. Raises ShapeError from the layers.
        """
        x = self.through(
            range(len(self.layers)), x, video_shape, attn_bias, context, self_attn_mask,
            cross_attn_context_mask, tokens=tokens,
        )  # fmt: skip
        return self.norm_out(x)

    def through(
        self,
        layers: range,
        x: torch.Tensor,
        video_shape: VideoShape | None = None,
        attn_bias: torch.Tensor | OffsetBias | None = None,
        context: torch.Tensor | None = None,
        self_attn_mask: torch.Tensor | None = None,
        cross_attn_context_mask: torch.Tensor | None = None,
        *,
        tokens: Tokens | None = None,
    ) -> torch.Tensor:
        """Some of the layers, on what came out of the one before them; no norm. See `forward`."""
        layer: Any
        for at in layers:
            layer = self.layers[at]
            peg, self_attn, cross_attn, feed_forward = layer
            if peg is not None:
                x = peg(x, shape=video_shape, tokens=tokens) + x
            x = self_attn(x, attn_bias=attn_bias, mask=self_attn_mask) + x
            if cross_attn is not None and context is not None:
                x = cross_attn(x, context=context, mask=cross_attn_context_mask) + x
            x = feed_forward(x) + x
        return x
