"""Small models whose attention runs more than once: shared, repeated, guided, checkpointed."""

from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn
from torch.utils.checkpoint import checkpoint

from phenaki_viz import models
from phenaki_viz.models import Attention, MaskGit, Transformer
from phenaki_viz.recording import Recording, record
from tests.published import published_attention

TOKENS = torch.randn(2, 12, 24, generator=torch.Generator().manual_seed(3))


def transformer(**settings) -> Transformer:
    torch.manual_seed(0)
    sizes = {"depth": 2, "heads": 3, "dim_head": 8} | settings
    return Transformer(24, **sizes).eval()


def tied(depth: int = 3) -> Transformer:
    """Every layer is the first one."""
    model = transformer(depth=depth)
    for layer in range(1, depth):
        model.layers[layer] = model.layers[0]
    return model


class Twice(nn.Module):
    """One attention module, run twice in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.attn = Attention(24, heads=3, dim_head=8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: 'b i 24'."""
        return self.attn(self.attn(x) + x)


class Checkpointed(nn.Module):
    """A transformer's layers, each recomputed by the backward pass."""

    def __init__(self, *, reentrant: bool) -> None:
        super().__init__()
        self.transformer, self.reentrant = transformer(), reentrant

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: 'b i 24'."""
        for layer in self.transformer.layers:
            x = checkpoint(
                lambda y, attn=layer[1], after=layer[3]: after(attn(y) + y) + y,
                x, use_reentrant=self.reentrant,
            )  # fmt: skip
        return x


def maskgit() -> MaskGit:
    """Two layers, of 3 heads, that read words of width 7 on up to 20 tokens."""
    torch.manual_seed(0)
    return MaskGit(
        dim=24, num_tokens=11, max_seq_len=20, depth=2, heads=3, dim_head=8, dim_context=7
    ).eval()


def guided(model: MaskGit, batch: int = 1) -> None:
    """One step of guidance: the model is asked with and without its text."""
    chance = torch.Generator().manual_seed(5)
    codes = torch.randint(0, 11, (batch, 2, 2, 3), generator=chance)
    context = torch.randn(batch, 3, 7, generator=chance)
    model.forward_with_cond_scale(codes, cond_scale=3.0, context=context)


def guided_steps() -> Recording:
    """Two decoding steps with guidance, of three videos: two layers, three heads."""
    model = maskgit()
    with torch.no_grad(), record(model, words=("a", "b", "c")) as made:
        for step in range(2):
            made.mark(step=step)
            guided(model, batch=3)
    return made


@st.composite
def cross_calls(draw, *, words: int, nulls: int) -> tuple[nn.Module, torch.Tensor, dict[str, Any]]:
    """Cross-attention of either code, what comes in, and its text, words hidden or not.

    words, nulls: of the text and null keys, at least.
    """
    queries, words = draw(st.integers(1, 9)), draw(st.integers(words, 6))
    nulls = draw(st.integers(nulls, 3))
    masked, published = draw(st.booleans()), draw(st.booleans())
    torch.manual_seed(draw(st.integers(0, 99)))
    code = published_attention() if published else models
    attention = code.Attention(16, dim_context=8, heads=3, dim_head=4, num_null_kv=nulls)
    mask = (torch.rand(2, words) < 0.5) if masked else None
    x, context = torch.randn(2, queries, 16), torch.randn(2, words, 8)
    return attention, x, {"context": context, "mask": mask}
