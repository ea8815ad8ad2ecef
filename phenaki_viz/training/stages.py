"""The two trainings of Phenaki: C-ViViT learns to rebuild clips, MaskGit to fill in tokens.

Every random choice of a step comes from the seed and the step's number alone, so that a training
that was stopped and resumed goes the way it would have gone.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange

from phenaki_viz.data.digits import MovingDigits
from phenaki_viz.errors import ConfigError, TrainingError
from phenaki_viz.models.cvivit import CViViT
from phenaki_viz.models.phenaki import Phenaki, highest, masked_tokens
from phenaki_viz.models.text import WordEmbedding
from phenaki_viz.training.recipe import Recipe, Stage
from phenaki_viz.training.stage_trainer import StageTrainer, check_same, device_of

ENCODED_AT_ONCE = 64  # clips


class TokenizerTrainer(StageTrainer):
    """C-ViViT on clips made as they are needed.

    Loss: mean squared error over the variance of the data, plus the quantiser's own loss, which
    phenaki-pytorch leaves out for video without perceptual loss.
    """

    name = "C-ViViT"

    def __init__(self, model: CViViT, data: MovingDigits, stage: Stage, seed: int = 0) -> None:
        if model.channels != 1 or model.image_size != (data.size, data.size):
            raise ConfigError(
                f"moving digits are 1 × {data.size} × {data.size}; this C-ViViT takes "
                f"{model.channels} × {model.image_size[0]} × {model.image_size[1]}"
            )
        super().__init__(stage, [model], seed)
        self.model, self.data = model, data
        self.variance = float(video_of(data, 0, ENCODED_AT_ONCE).var())

    def _loss(self, step: int) -> torch.Tensor:
        video = video_of(self.data, step * self.stage.batch, self.stage.batch)
        video = video.to(device_of(self.model))
        quantised, _, own = self.model.quantise(self.model.encode(self.model.embed(video)))
        rebuilt = self.model.decode(quantised).float()
        return F.mse_loss(rebuilt, video) / self.variance + own


class MaskGitTrainer(StageTrainer):
    """MaskGit, and the words' vectors, on clips that C-ViViT encoded once.

    Loss: cross-entropy of the masked tokens, the share of which follows the sampling schedule.
    Source: Chang et al. 2022, MaskGIT (arXiv 2202.04200); phenaki-pytorch 0.5.0, Phenaki.forward.
    """

    name = "MaskGit"

    def __init__(
        self,
        model: Phenaki,
        recipe: Recipe,
        on_encoded: Callable[[int, int], None] | None = None,
    ) -> None:
        if not isinstance(model.encode_texts, WordEmbedding):
            raise ConfigError("this training needs learned words: give the model a TextConfig")
        self.text = model.encode_texts
        self.maskgit = model.maskgit
        super().__init__(recipe.maskgit, [self.maskgit, self.text], recipe.seed)
        self.recipe = recipe
        self.sampling_steps = model.steps
        self.codes, self.words = encode_pool(model.cvivit, self.text, recipe, on_encoded)
        self.averaged = {key: value.clone() for key, value in self.modules.state_dict().items()}

    def advance(self) -> float:
        """One step, after which the moving average follows the weights."""
        loss = super().advance()
        decay = min(self.recipe.average, self.done / (self.done + 9))
        with torch.no_grad():
            for key, value in self.modules.state_dict().items():
                self.averaged[key].lerp_(value, 1 - decay)
        return loss

    def state(self) -> dict[str, Any]:
        """See the base class; with the moving average."""
        return super().state() | {"averaged": self.averaged}

    def restore(self, state: dict[str, Any]) -> None:
        """See the base class."""
        super().restore(state)
        averaged = state.get("averaged", {})
        try:
            check_same(self.averaged, averaged)
        except (ValueError, TypeError, AttributeError) as error:
            raise TrainingError("the saved state has no moving average of these weights") from error
        self.averaged = averaged

    def finish(self) -> None:
        """Put the moving average in the place of the weights."""
        self.modules.load_state_dict(self.averaged)
        self.modules.eval()

    def _loss(self, step: int) -> torch.Tensor:
        chance = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        device = self.codes.device
        at = torch.randint(len(self.codes), (self.stage.batch,), generator=chance)
        codes, ids = self.codes[at.to(device)].long(), self.words[at.to(device)]
        clips, n = codes.shape
        masked = draw_masks(clips, n, self.sampling_steps, chance).to(device)
        keeps = torch.rand((len(at), 1), generator=chance) >= self.recipe.drop_text
        context, seen = self.text.embed(ids)
        embedded = self.maskgit(
            torch.where(masked, self.maskgit.mask_id, codes),
            video_patch_shape=self.recipe.model.cvivit.grid(self.recipe.data.frames),
            context=context,
            text_mask=seen & keeps.to(device),
            return_embeds=True,
        )
        # Logits where they count: a third of the work of all of them.
        logits = self.maskgit.to_logits(embedded[masked])
        return F.cross_entropy(logits.float(), codes[masked])


def draw_masks(clips: int, n: int, steps: int, chance: torch.Generator) -> torch.Tensor:
    """Which tokens are masked, 'b n' bool: as many as at a random one of `steps` of sampling."""
    at = torch.randint(steps, (clips,), generator=chance)
    order = torch.rand((clips, n), generator=chance)
    rows = [
        highest(row, masked_tokens(n, int(step) / steps))
        for row, step in zip(order, at, strict=True)
    ]
    return torch.stack(rows)


def encode_pool(
    cvivit: CViViT,
    text: WordEmbedding,
    recipe: Recipe,
    on_encoded: Callable[[int, int], None] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes 'n (t h w)' int32 and word ids 'n words' of the clips that MaskGit learns from.

    on_encoded: called with (clips encoded, of); what it raises stops the encoding.
    """
    device = device_of(cvivit)
    codes, captions = [], []
    cvivit.eval()
    for first in range(0, recipe.pool, ENCODED_AT_ONCE):
        count = min(ENCODED_AT_ONCE, recipe.pool - first)
        frames, texts = recipe.data.batch(first, count)
        video = rearrange(torch.from_numpy(frames), "b f h w -> b 1 f h w").to(device)
        with torch.inference_mode():
            codes.append(rearrange(cvivit.codes_of(video), "b t h w -> b (t h w)").int())
        captions += texts
        if on_encoded:
            on_encoded(first + count, recipe.pool)
    return torch.cat(codes).clone(), text.ids(captions)


def video_of(data: MovingDigits, first: int, count: int) -> torch.Tensor:
    """Clips as the model takes them, 'b 1 f H W' float32 in 0..1."""
    frames, _ = data.batch(first, count)
    return rearrange(torch.from_numpy(frames), "b f h w -> b 1 f h w")
