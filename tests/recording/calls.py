"""Small models whose attention runs more than once: shared, repeated, guided, checkpointed."""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from phenaki_viz.models import Attention, MaskGit, Transformer

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
