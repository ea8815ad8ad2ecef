"""The real model, with phenaki-pytorch's interface: from attention to a whole Phenaki."""

from phenaki_viz.models.attention import Attention
from phenaki_viz.models.cvivit import CViViT
from phenaki_viz.models.layers import GEGLU, PEG, FeedForward, LayerNorm, PegLayout, Tokens
from phenaki_viz.models.maskgit import MaskGit, SelfCritic, TokenCritic
from phenaki_viz.models.patches import PatchEmbedding, grid_of
from phenaki_viz.models.phenaki import Phenaki
from phenaki_viz.models.position import AlibiPositionalBias, ContinuousPositionBias
from phenaki_viz.models.text import T5Text, WordEmbedding
from phenaki_viz.models.transformer import Transformer

__all__ = [
    "GEGLU",
    "PEG",
    "AlibiPositionalBias",
    "Attention",
    "CViViT",
    "ContinuousPositionBias",
    "FeedForward",
    "LayerNorm",
    "MaskGit",
    "PatchEmbedding",
    "PegLayout",
    "Phenaki",
    "SelfCritic",
    "T5Text",
    "TokenCritic",
    "Tokens",
    "Transformer",
    "WordEmbedding",
    "grid_of",
]
