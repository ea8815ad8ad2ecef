"""The real model: attention, transformer and patch embedding with phenaki-pytorch's interface."""

from phenaki_viz.models.attention import Attention
from phenaki_viz.models.layers import GEGLU, PEG, FeedForward, LayerNorm, PegLayout, Tokens
from phenaki_viz.models.patches import PatchEmbedding, grid_of
from phenaki_viz.models.position import AlibiPositionalBias, ContinuousPositionBias
from phenaki_viz.models.transformer import Transformer

__all__ = [
    "GEGLU",
    "PEG",
    "AlibiPositionalBias",
    "Attention",
    "ContinuousPositionBias",
    "FeedForward",
    "LayerNorm",
    "PatchEmbedding",
    "PegLayout",
    "Tokens",
    "Transformer",
    "grid_of",
]
