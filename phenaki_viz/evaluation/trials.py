"""Trials of a MaskGit: the same clips, hidden by the same masks, to be filled in time and again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from einops import repeat
from torch import nn

from phenaki_viz.data import Clip, Prompt, fit_clip, to_tensor
from phenaki_viz.errors import ConfigError
from phenaki_viz.models import MaskGit, Phenaki
from phenaki_viz.models.phenaki import highest
from phenaki_viz.nouns import counted
from phenaki_viz.runs.model_parts import encoder_of, most_frames, text_width

MOST_TRIALS = 2_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Trials:
    """Clips that a MaskGit is to fill in, each under every mask: b = clips · masks.

    codes: 'b t h w' int. masked: 'b t h w' bool, what is hidden. context: 'b words c' float32 and
    seen: 'b words' bool, the text; None where the model reads none. clips: their names. masks: how
    many of each clip. share: of the tokens that are hidden. seed: of the first mask; the next ones
    have the next numbers, so that mask k is the one which `run_model` makes with seed + k.
    """

    codes: torch.Tensor
    masked: torch.Tensor
    context: torch.Tensor | None
    seen: torch.Tensor | None
    clips: tuple[str, ...]
    masks: int
    share: float
    seed: int

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def spoken(self) -> str:
        """'10 clips × 2 masks, 90 % of the tokens masked'."""
        return (
            f"{counted(len(self.clips), 'clip')} × {counted(self.masks, 'mask')}, "
            f"{self.share * 100:.3g} % of the tokens masked"
        )


@torch.inference_mode()
def trials(
    model: nn.Module,
    clips: Sequence[tuple[Clip, Prompt]],
    *,
    masks: int = 2,
    share: float = 0.9,
    seed: int = 0,
) -> Trials:
    """Encode clips once and draw their masks.

    Every clip is cropped and resized to what the model takes; all take as many frames as the
    shortest. Where a mask hides every token there is one. Raises ConfigError where the model is no
    whole Phenaki, or the figures are out of bounds; ShapeError or VideoError where a clip does not
    fit.
    """
    model = whole(model)
    _check(len(clips), masks, share)
    height, width = model.cvivit.image_size
    frames = most_frames(model, min(len(clip.frames) for clip, _ in clips))
    fitted = [fit_clip(clip, height=height, width=width, frames=frames) for clip, _ in clips]
    codes = torch.cat(
        [model.cvivit.codes_of(to_tensor(clip, channels=model.cvivit.channels)) for clip in fitted]
    )
    context, seen = _text(model, [prompt for _, prompt in clips])
    if round(share * math.prod(codes.shape[1:])) == math.prod(codes.shape[1:]):
        masks = 1  # which hides all: another one would be the same trial again
    hidden = torch.stack([_mask(codes.shape[1:], share, seed + k) for k in range(masks)])
    return Trials(
        codes=repeat(codes, "c t h w -> (c m) t h w", m=masks),
        masked=repeat(hidden, "m t h w -> (c m) t h w", c=len(clips)),
        context=None if context is None else repeat(context, "c n d -> (c m) n d", m=masks),
        seen=None if seen is None else repeat(seen, "c n -> (c m) n", m=masks),
        clips=tuple(clip.name for clip, _ in clips),
        masks=masks,
        share=share,
        seed=seed,
    )


def expect_measurable(model: nn.Module) -> Phenaki:
    """The model. Raises ConfigError, which says why, where no head's worth can be known."""
    found = whole(model)
    _text_encoder(found)
    return found


def whole(model: nn.Module) -> Phenaki:
    """The model, if it is one whose answers can be judged. Raises ConfigError."""
    if not isinstance(model, Phenaki) or not isinstance(model.maskgit, MaskGit):
        raise ConfigError(
            f"{type(model).__name__} is no whole Phenaki: without a C-ViViT the codes of a clip "
            "are not known, so neither is what a head is worth"
        )
    return model


def _check(clips: int, masks: int, share: float) -> None:
    if not clips:
        raise ConfigError("no clip is given: name at least one")
    if masks < 1 or clips * masks > MOST_TRIALS:
        raise ConfigError(
            f"{clips} clips × {masks} masks: use at least one mask, up to {MOST_TRIALS:,} together"
        )
    if not 0 < share <= 1:
        raise ConfigError(f"{share:g} of the tokens are to be masked: use more than 0, up to 1")


def _text(
    model: Phenaki, prompts: Sequence[Prompt]
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """The prompts as vectors 'c words d', and which of them are words 'c words'."""
    encoder = _text_encoder(model)
    if encoder is None:
        return None, None
    context, seen = encoder([prompt.text for prompt in prompts])
    return context, seen


def _text_encoder(model: Phenaki) -> Any:
    """What makes vectors of its words; None where it reads none."""
    if not text_width(model):
        return None
    encoder = encoder_of(model)
    if encoder is None:
        raise ConfigError(
            "this model has no text encoder, and what heads do with random word vectors says "
            "nothing: load the T5 it was trained with"
        )
    return encoder


def _mask(grid: Sequence[int], share: float, seed: int) -> torch.Tensor:
    """Which tokens are hidden: 't h w' bool, at least one."""
    n = math.prod(grid)
    order = torch.rand((1, n), generator=torch.Generator().manual_seed(seed))
    return highest(order, max(1, round(share * n))).reshape(*grid)
