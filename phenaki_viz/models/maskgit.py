"""MaskGit, which fills in masked tokens, and the critics that say which to mask again."""

from collections.abc import Sequence
from typing import Any

import torch
from einops import rearrange
from einops.layers.torch import Rearrange
from torch import nn

from phenaki_viz.errors import ShapeError
from phenaki_viz.models.position import ContinuousPositionBias
from phenaki_viz.models.transformer import Transformer


class Guided(nn.Module):
    """A model that is run twice, with the text and without, and follows the difference."""

    def forward_with_cond_scale(
        self, *args: Any, cond_scale: float = 3, **kwargs: Any
    ) -> torch.Tensor:
        """Logits without text plus `cond_scale` times what the text adds; 1 asks only once.

        Without its text a model attends to the null key/values alone.
        Source: Ho and Salimans 2022, Classifier-Free Diffusion Guidance.
        """
        logits = self(*args, cond_drop_prob=0.0, **kwargs)
        if cond_scale == 1:
            return logits
        null_logits = self(*args, cond_drop_prob=1.0, **kwargs)
        return null_logits + (logits - null_logits) * cond_scale


class MaskGit(Guided):
    """Codes with holes 'b (t h w)' → logits of every code at every place, 'b (t h w) codes'.

    The last embedding, `mask_id`, stands for a hole. A transformer over all tokens of the video,
    with a three-dimensional position bias, PEG and, unless `unconditional`, cross-attention to
    the text with two null key/values. kwargs: of `Transformer`.
    Source: Villegas et al. 2022, Phenaki (arXiv 2210.02399), section 2.2; phenaki-pytorch 0.5.0,
    MaskGit.
    """

    def __init__(
        self,
        *,
        dim: int,
        num_tokens: int,
        max_seq_len: int,
        gradient_shrink_alpha: float = 0.1,
        heads: int = 8,
        dim_head: int = 64,
        unconditional: bool = False,
        attn_dropout: float = 0.0,
        ff_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.mask_id = num_tokens
        self.max_seq_len = max_seq_len
        self.unconditional = unconditional
        self.gradient_shrink_alpha = gradient_shrink_alpha
        self.token_emb = nn.Embedding(num_tokens + 1, dim)
        self.pos_emb = nn.Embedding(max_seq_len, dim)
        self.continuous_pos_bias = ContinuousPositionBias(dim=dim_head, heads=heads, num_dims=3)
        self.transformer = Transformer(
            dim,
            attn_num_null_kv=2,
            has_cross_attn=not unconditional,
            dim_head=dim_head,
            heads=heads,
            attn_dropout=attn_dropout,
            ff_dropout=ff_dropout,
            peg=True,
            **kwargs,
        )
        self.to_logits = nn.Linear(dim, num_tokens)

    def forward(
        self,
        x: torch.Tensor,
        cond_drop_prob: float = 0.0,
        text_mask: torch.Tensor | None = None,
        video_mask: torch.Tensor | None = None,
        video_patch_shape: Sequence[int] | None = None,
        return_embeds: bool = False,
        context: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """x: codes 'b t h w', or 'b (t h w)' with video_patch_shape (t, h, w).

        context: the text 'b words c'; text_mask: 'b words' bool, by default all words are seen.
        cond_drop_prob: chance of each item to be run without its text. video_mask: 'b (t h w)'.
        return_embeds: 'b (t h w) d' before the logits. Raises ShapeError when the tokens do not
        fill the grid or are more than the model has positions for.
        """
        tokens, given = self.begin(x, video_patch_shape, context)
        given |= {
            "self_attn_mask": video_mask,
            "cross_attn_context_mask": seen_words(context, text_mask, cond_drop_prob),
        }
        tokens = self.transformer(tokens, **given)
        return tokens if return_embeds else self.to_logits(tokens)

    def begin(
        self,
        x: torch.Tensor,
        video_patch_shape: Sequence[int] | None = None,
        context: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, dict[str, Any]]:
        """What the transformer is given: tokens 'b (t h w) d', and all else but the masks."""
        x, grid = flat_codes(x, video_patch_shape)
        check_length(x, grid, self.max_seq_len)
        tokens = self.token_emb(x) + self.pos_emb.weight[: x.shape[1]]
        alpha = self.gradient_shrink_alpha
        tokens = tokens * alpha + tokens.detach() * (1 - alpha)
        return tokens, {
            "video_shape": (x.shape[0], *grid),
            "attn_bias": self.continuous_pos_bias(*grid, device=x.device, dense=False),
            "context": context,
        }


class TokenCritic(Guided):
    """Codes 'b (t h w)' → for each, how likely it was made up: logits 'b (t h w)'.

    Source: Lezama et al. 2022, Token-Critic (arXiv 2209.04439); phenaki-pytorch 0.5.0,
    TokenCritic. No position bias. kwargs: of `Transformer`.
    """

    def __init__(
        self,
        *,
        dim: int,
        num_tokens: int,
        max_seq_len: int,
        has_cross_attn: bool = False,
        attn_dropout: float = 0.0,
        ff_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.has_cross_attn = has_cross_attn
        self.mask_id = num_tokens
        self.max_seq_len = max_seq_len
        self.token_emb = nn.Embedding(num_tokens + 1, dim)
        self.pos_emb = nn.Embedding(max_seq_len, dim)
        self.transformer = Transformer(
            dim,
            peg=True,
            attn_dropout=attn_dropout,
            ff_dropout=ff_dropout,
            has_cross_attn=has_cross_attn,
            **kwargs,
        )
        self.to_logits = nn.Sequential(nn.Linear(dim, 1), Rearrange("... 1 -> ..."))

    def forward(
        self,
        x: torch.Tensor,
        text_mask: torch.Tensor | None = None,
        cond_drop_prob: float = 0.0,
        context: torch.Tensor | None = None,
        video_mask: torch.Tensor | None = None,
        video_patch_shape: Sequence[int] | None = None,
    ) -> torch.Tensor:
        """See `MaskGit.forward`. A critic without cross-attention reads no text."""
        x, grid = flat_codes(x, video_patch_shape)
        check_length(x, grid, self.max_seq_len)
        tokens = self.token_emb(x) + self.pos_emb.weight[: x.shape[1]]
        tokens = self.transformer(
            tokens,
            video_shape=(x.shape[0], *grid),
            context=context,
            self_attn_mask=video_mask,
            cross_attn_context_mask=seen_words(context, text_mask, cond_drop_prob),
        )
        return self.to_logits(tokens)


class SelfCritic(Guided):
    """A critic on top of MaskGit's own embeddings: logits 'b (t h w)'.

    Source: Nijkamp et al. 2021, SCRIPT; phenaki-pytorch 0.5.0, SelfCritic.
    """

    def __init__(self, maskgit: MaskGit) -> None:
        super().__init__()
        self.maskgit = maskgit
        self.to_pred = nn.Sequential(nn.Linear(maskgit.dim, 1), Rearrange("... 1 -> ..."))

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """See `MaskGit.forward`."""
        return self.to_pred(self.maskgit(x, *args, return_embeds=True, **kwargs))


def flat_codes(
    x: torch.Tensor, grid: Sequence[int] | None
) -> tuple[torch.Tensor, tuple[int, int, int]]:
    """Codes as 'b (t h w)' and their grid, from either way of giving them.

    Raises ShapeError for neither: 'b t h w', or 'b n' with its grid.
    """
    if x.ndim == 4:
        grid = tuple(x.shape[1:])
        x = rearrange(x, "b t h w -> b (t h w)")
    if x.ndim != 2 or grid is None or len(grid) != 3:
        found = " × ".join(map(str, x.shape))
        raise ShapeError(
            f"codes are {found} with the grid {grid}: give batch × steps × rows × columns, or "
            "batch × tokens with video_patch_shape=(steps, rows, columns)"
        )
    t, h, w = grid
    return x, (t, h, w)


def check_length(x: torch.Tensor, grid: tuple[int, int, int], most: int) -> None:
    """Raise ShapeError when the codes do not fill the grid, or are more than `most`."""
    t, h, w = grid
    n = x.shape[1]
    if n != t * h * w:
        raise ShapeError(f"{n} codes do not fill the grid {t} × {h} × {w} of {t * h * w}")
    if n > most:
        raise ShapeError(
            f"the video has {n} tokens; this model has positions for {most} (max_seq_len): "
            "use fewer frames"
        )


def seen_words(
    context: torch.Tensor | None, mask: torch.Tensor | None, drop_prob: float
) -> torch.Tensor | None:
    """Which words each item of the batch reads, 'b words'; items that lose their text: none."""
    if context is None:
        return None
    b, words, _ = context.shape
    if mask is None:
        mask = torch.ones((b, words), dtype=torch.bool, device=context.device)
    if drop_prob <= 0:
        return mask
    if drop_prob >= 1:  # nothing is drawn: guidance must not move the random numbers on
        return torch.zeros_like(mask)
    keeps = torch.rand((b, 1), device=mask.device) >= drop_prob
    return mask & keeps
