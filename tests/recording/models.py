"""Small models of the published classes and of ours, with the same weights."""

from types import ModuleType

import torch
from torch import nn

GRID = (2, 3, 5)


class SmallVideo(nn.Module):
    """Position bias and a joint transformer, built of either library's classes."""

    def __init__(self, library: ModuleType, **kwargs: object) -> None:
        super().__init__()
        self.continuous_pos_bias = library.ContinuousPositionBias(dim=8, heads=3, num_dims=3)
        self.transformer = library.Transformer(
            32,
            depth=2,
            heads=3,
            dim_head=8,
            dim_context=16,
            has_cross_attn=True,
            peg=True,
            **kwargs,
        )

    def forward(
        self, x: torch.Tensor, context: torch.Tensor | None = None, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """x: 'b 30 32'; context: 'b words 16'."""
        return self.transformer(
            x,
            video_shape=(x.shape[0], *GRID),
            attn_bias=self.continuous_pos_bias(*GRID, device=x.device),
            context=context,
            cross_attn_context_mask=mask,
        )


def inputs(batch: int = 2, words: int = 4) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Tokens, text and a text mask that hides the last word of the first item."""
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(batch, 30, 32, generator=generator)
    context = torch.randn(batch, words, 16, generator=generator)
    mask = torch.ones(batch, words, dtype=torch.bool)
    mask[0, -1] = False
    return x, context, mask
