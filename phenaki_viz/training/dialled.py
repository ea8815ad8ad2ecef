"""The dialled model learns in the page: patches of moving digits are hidden, and it fills them.

Every random choice of a step comes from the seed and the step's number alone.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from einops import rearrange, repeat
from torch import nn

from phenaki_viz.data.digits import MOST_WORDS, WORDS, DigitClip, MovingDigits
from phenaki_viz.errors import ConfigError, TrainingError
from phenaki_viz.models.dial import DialConfig, DialledModel
from phenaki_viz.models.phenaki import highest
from phenaki_viz.models.seeding import random_stream
from phenaki_viz.models.text import PAD, WordEmbedding
from phenaki_viz.training.recipe import Stage
from phenaki_viz.training.stage_trainer import StageTrainer
from phenaki_viz.training.stages import draw_masks, video_of

SPRITE = 0.4  # of a digit, as a share of the frame's side
DROP_TEXT = 0.15  # share of clips whose text is hidden
MASK_STEPS = 64  # the shares of masked patches are the steps of a cosine, as in sampling
MEASURED = 64  # clips that the variance of the data is taken from
WARM_UP = 50
# The clip that attention is watched on: two digits that training never sees.
WATCHED_SEED, WATCHED_NUMBER = 7, 26


class MaskedPatches(nn.Module):
    """A dialled model and what it needs to learn: a mask vector, pixels out, words in.

    model: the `DialledModel`, from the config's seed. text: learned words, or None where the
    model reads none.
    """

    def __init__(self, config: DialConfig) -> None:
        super().__init__()
        self.config = config
        self.model = DialledModel(config)
        pixels = config.patch**2
        with random_stream(config.seed):
            self.mask_vector = nn.Parameter(torch.randn(config.dim) * config.dim**-0.5)
            self.to_first_frame = nn.Linear(config.dim, pixels)
            self.to_frames = nn.Linear(config.dim, pixels * config.temporal_patch)
            self.text = WordEmbedding(WORDS, config.dim, MOST_WORDS) if config.cross else None
        for out in (self.to_first_frame, self.to_frames):  # black at first, as most patches are
            nn.init.zeros_(out.weight)
            nn.init.zeros_(out.bias)

    def forward(
        self,
        video: torch.Tensor,
        masked: torch.Tensor,
        context: torch.Tensor | None = None,
        context_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Grey frames 'b f H W', every patch as predicted from the patches that are not masked.

        video: 'b c f H W' in 0..1. masked: 'b t h w' bool. context, context_mask: see the model.
        """
        tokens = self.model.to_tokens(video)
        tokens = torch.where(masked[..., None], self.mask_vector.to(tokens.dtype), tokens)
        out = self.model.attend(tokens, context, context_mask)
        p = self.config.patch
        first, later = self.to_first_frame(out[:, :1]), self.to_frames(out[:, 1:])
        first = rearrange(first, "b 1 h w (p q) -> b 1 (h p) (w q)", p=p)
        later = rearrange(later, "b t h w (r p q) -> b (t r) (h p) (w q)", p=p, q=p)
        return torch.cat((first, later), dim=1)


class DialledTrainer(StageTrainer):
    """Masked patches: a cosine-distributed share is hidden, and their pixels are predicted.

    Loss: mean squared error of the masked patches' pixels over the variance of the data, so that
    1 is what the mean grey would get. Runs on the CPU in float32. Raises ConfigError for frames
    that are not square, or that digits do not fit.
    Source of the shares: Chang et al. 2022, MaskGIT (arXiv 2202.04200), section 3.1.
    """

    name = "Dialled"

    def __init__(
        self, config: DialConfig, *, steps: int, batch: int = 8, learning_rate: float = 2e-3
    ) -> None:
        warm_up = max(1, min(WARM_UP, steps // 10))
        stage = Stage(
            steps=steps, batch=batch, learning_rate=learning_rate, warm_up=warm_up, bfloat16=False
        )
        self.data = digits_for(config)
        self.config = config
        self.parts = MaskedPatches(config)
        super().__init__(stage, [self.parts], config.seed)
        self.variance = float(video_of(self.data, 0, MEASURED).var())

    def state(self) -> dict[str, Any]:
        """See the base class; with the settings, so that another training's state is refused."""
        return super().state() | {"settings": self._settings()}

    def restore(self, state: dict[str, Any]) -> None:
        """See the base class."""
        if state.get("settings") != self._settings():
            raise TrainingError(
                "the saved state is of a training with other settings: start over, or set them back"
            )
        super().restore(state)

    def _settings(self) -> dict[str, Any]:
        stage = self.stage
        training = {"steps": stage.steps, "batch": stage.batch, "rate": stage.learning_rate}
        return asdict(self.config) | training

    def _loss(self, step: int) -> torch.Tensor:
        frames, captions = self.data.batch(step * self.stage.batch, self.stage.batch)
        grey = torch.from_numpy(frames)
        chance = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        masked = draw_mask(len(grey), self.config.grid, chance)
        keeps = torch.rand(len(grey), generator=chance) >= DROP_TEXT
        context = text_for(self.parts, captions, keeps)
        filled = self.parts(self._video(grey), masked, **context)
        hidden = as_pixels(masked, self.config)
        return ((filled - grey)[hidden] ** 2).mean() / self.variance

    def _video(self, grey: torch.Tensor) -> torch.Tensor:
        return repeat(grey, "b f h w -> b c f h w", c=self.config.channels)


def text_for(
    parts: MaskedPatches, captions: Sequence[str], keeps: torch.Tensor | None = None
) -> dict[str, torch.Tensor]:
    """Arguments `context` and `context_mask` for captions; none where the model reads no text.

    keeps: 'b' bool, False hides a caption; None keeps all.
    """
    if parts.text is None:
        return {}
    ids = parts.text.ids(captions)
    if keeps is not None:
        # A dropped text is padding: without null keys a mask alone would still let it through.
        ids = torch.where(keeps[:, None], ids, parts.text.index[PAD])
    context, seen = parts.text.embed(ids)
    return {"context": context, "context_mask": seen}


def as_pixels(patches: torch.Tensor, config: DialConfig) -> torch.Tensor:
    """Patches 'b t h w' as pixels 'b f H W'."""
    p, r = config.patch, config.temporal_patch
    first = repeat(patches[:, :1], "b 1 h w -> b 1 (h p) (w q)", p=p, q=p)
    later = repeat(patches[:, 1:], "b t h w -> b (t r) (h p) (w q)", r=r, p=p, q=p)
    return torch.cat((first, later), dim=1)


def hide_half(grid: tuple[int, int, int]) -> torch.Tensor:
    """Half of the patches, '1 t h w' bool: the same ones for the same grid."""
    order = torch.rand(math.prod(grid), generator=torch.Generator().manual_seed(0))
    return highest(order, max(1, math.prod(grid) // 2)).reshape(1, *grid)


def draw_mask(clips: int, grid: tuple[int, int, int], chance: torch.Generator) -> torch.Tensor:
    """Which patches are hidden, 'b t h w' bool: as many as at a random step of sampling."""
    t, h, w = grid
    masks = draw_masks(clips, t * h * w, MASK_STEPS, chance)
    return rearrange(masks, "b (t h w) -> b t h w", t=t, h=h, w=w)


def digits_for(config: DialConfig, *, held_out: bool = False) -> MovingDigits:
    """Moving digits of the dialled size. Raises ConfigError when they do not fit."""
    if config.height != config.width:
        raise ConfigError(
            f"moving digits are square, the frames are {config.height} × {config.width}: "
            "use as many rows as columns"
        )
    return MovingDigits(
        seed=WATCHED_SEED if held_out else config.seed,
        size=config.height,
        frames=config.frames,
        sprite=max(8, round(SPRITE * config.height)),
        held_out=held_out,
    )


def watched_clip(config: DialConfig) -> DigitClip:
    """The clip that attention is watched on while a model of these settings learns."""
    return digits_for(config, held_out=True).clip(WATCHED_NUMBER)
