"""One look at a trained model: a clip is encoded, half hidden and filled in, all recorded."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from phenaki_viz.data import Clip, Prompt, embed_words, fit_clip, read_prompt, to_tensor
from phenaki_viz.errors import ConfigError
from phenaki_viz.models import CViViT, MaskGit, T5Text, TokenCritic, WordEmbedding
from phenaki_viz.models.phenaki import highest
from phenaki_viz.recording import record
from phenaki_viz.recording.interventions import SwapText
from phenaki_viz.recording.options import DEFAULT_LIMIT, StorageChoice
from phenaki_viz.recording.origin import origin_of
from phenaki_viz.recording.switches import Switches, switched
from phenaki_viz.runs.live import remember_model
from phenaki_viz.runs.model_parts import encoder_of, eyes_of, filler_of, text_width
from phenaki_viz.runs.run import KEPT, Run

Grid = tuple[int, int, int]
NONE_OFF = Switches()
RANDOM_WORDS = "no text encoder: word vectors are random, load the T5 it was trained with"


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a trained model is run.

    share: of the tokens that are masked, 0 to 1, at least one token. seed: which ones. frames:
    how many of the clip, None for as many as the model takes. grid: of the tokens 't h w', for a
    MaskGit or critic without its C-ViViT, whose codes are then drawn at random. storage: see
    `record`.
    """

    share: float = 0.5
    seed: int = 0
    frames: int | None = None
    grid: Grid | None = None
    switches: Switches = NONE_OFF
    storage: StorageChoice = "auto"

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigError(f"{self.share:g} of the tokens are to be masked: use 0 to 1")


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What came out; None where the model has no such part.

    codes, predicted: 't h w' int. masked: 't h w' bool. loss: 't h w' float32, −log p of the true
    code in nats, at every token. reconstruction, filled: 'f H W c' uint8, the clip from its codes
    and from the codes with the masked ones predicted. error: mean squared error of the
    reconstruction over the clip's variance.
    """

    codes: np.ndarray | None = None
    masked: np.ndarray | None = None
    predicted: np.ndarray | None = None
    loss: np.ndarray | None = None
    reconstruction: np.ndarray | None = None
    filled: np.ndarray | None = None
    error: float | None = None

    @property
    def hides(self) -> bool:
        """Whether any token was masked."""
        return self.masked is not None and bool(self.masked.any())

    @property
    def masked_loss(self) -> float | None:
        """Mean loss of the masked tokens, in nats; what the model was trained to lower."""
        if self.loss is None or not self.hides:
            return None
        return float(self.loss[self.masked].mean())


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelRun(Run):
    """A run of a trained model. notes: what was made up, in words."""

    options: RunOptions
    outcome: Outcome
    notes: tuple[str, ...] = ()


def run_model(
    model: nn.Module,
    clip: Clip,
    prompt: Prompt,
    options: RunOptions | None = None,
    *,
    limit_bytes: int = DEFAULT_LIMIT,
    on_progress: Callable[[int, int], None] | None = None,
) -> ModelRun:
    """Run a CViViT, MaskGit, TokenCritic or Phenaki once and record every attention call.

    The clip is cropped and resized to what the model takes. Raises ShapeError, VideoError,
    ConfigError or RecordingTooLargeError when the model cannot be shown the clip.
    """
    options = options or RunOptions()
    eyes = eyes_of(model)
    fitted = _fit(eyes, clip, options) if eyes else _no_clip(model, options)
    words = read_words(model, text_read(prompt, options.switches))
    kept: dict[str, Any] = {
        "storage": options.storage, "extras": KEPT, "limit_bytes": limit_bytes,
        "on_progress": on_progress,
    }  # fmt: skip
    started = time.perf_counter()
    with torch.inference_mode(), switched(model, options.switches):
        with record(model, words=words, **kept) as recording:
            video = to_tensor(fitted, channels=eyes.channels) if eyes else None
            recording.provenance |= origin_of(model, (), {"video": video, "prompt": prompt.text})
            made, notes = _run(model, video, prompt, options)
            recording.provenance |= {"random_words": RANDOM_WORDS in notes}
        seconds = time.perf_counter() - started
        if eyes is not None and "predicted" in made:  # not recorded: the decoder was, already
            predicted = torch.from_numpy(made["predicted"])[None]
            made["filled"] = as_frames(eyes.decode_from_codebook_indices(predicted))
    recording.provenance |= {
        **fitted.facts,
        "prompt": prompt.text,
        "masked_share": options.share,
        "mask_seed": options.seed,
        **options.switches.origin,
        "outcome": {"error": made.get("error"), "notes": list(notes)},
        "notes": [
            *recording.provenance["notes"],
            *(fitted.notes if eyes else ()),
            *(prompt.notes if text_width(model) else ()),
            *notes,
        ],
    }
    run = ModelRun(
        clip=fitted,
        prompt=prompt,
        recording=recording,
        temporal_patch=eyes.temporal_patch_size if eyes else 1,
        seconds=seconds,
        options=options,
        outcome=Outcome(**made),
        notes=notes,
    )
    return remember_model(model, run)


def look_again(model: nn.Module, run: ModelRun) -> None:
    """Run the model as in a look that was had before, with nothing recorded or kept."""
    eyes = eyes_of(model)
    video = to_tensor(run.clip, channels=eyes.channels) if eyes else None
    _run(model, video, run.prompt, run.options)


def read_words(model: nn.Module, prompt: Prompt) -> tuple[str, ...]:
    """The prompt in the pieces that the model's text encoder makes of it."""
    encoder = getattr(model, "encode_texts", None)
    if isinstance(encoder, (WordEmbedding, T5Text)):
        return encoder.split(prompt.text)
    return prompt.words


def text_read(prompt: Prompt, switches: Switches) -> Prompt:
    """The text that cross-attention reads: the prompt, or what it was swapped for."""
    swapped = (one.text for one in switches.also if isinstance(one, SwapText))
    return next((read_prompt(text) for text in swapped), prompt)


def _fit(eyes: CViViT, clip: Clip, options: RunOptions) -> Clip:
    height, width = eyes.image_size
    return fit_clip(clip, height=height, width=width, frames=options.frames or len(clip.frames))


def _no_clip(model: nn.Module, options: RunOptions) -> Clip:
    """Empty frames, one a step: a model without C-ViViT is shown random codes, no clip."""
    filler = filler_of(model)
    t, h, w = options.grid or _some_grid(filler.max_seq_len if filler else 1)
    return Clip(np.full((t, 8 * h, 8 * w, 1), 40, np.uint8), "random codes, no clip")


def _run(
    model: nn.Module, video: torch.Tensor | None, prompt: Prompt, options: RunOptions
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of an `Outcome`, and what was made up."""
    eyes, filler = eyes_of(model), filler_of(model)
    made: dict[str, Any] = {}
    notes: list[str] = []
    if eyes is not None and video is not None:
        quantised, codes, _ = eyes.quantise(eyes.encode(eyes.embed(video)))
        if not torch.isfinite(quantised).all():
            notes.append("C-ViViT made tokens that are not finite: their codes mean nothing")
        rebuilt = eyes.decode(quantised)
        made["reconstruction"] = as_frames(rebuilt)
        made["error"] = float(F.mse_loss(rebuilt, video) / video.var().clamp(min=1e-9))
    elif filler is not None:
        grid = options.grid or _some_grid(filler.max_seq_len)
        chance = torch.Generator().manual_seed(options.seed)
        codes = torch.randint(filler.mask_id, (1, *grid), generator=chance)
        notes.append("no C-ViViT: the codes are random, so only the maps mean something")
        laid = " × ".join(map(str, grid))
        why = "is as you say" if options.grid else "is assumed: no file says how tokens lie"
        notes.append(f"their grid of {laid} (steps × rows × columns) {why}")
    else:
        raise ConfigError(
            f"{type(model).__name__} is none of CViViT, MaskGit, TokenCritic, Phenaki"
        )
    made["codes"] = codes[0].numpy()
    if filler is not None:
        context, seen, made_up = _context(model, filler, prompt)
        notes += made_up
        masked = _masked(codes, options)
        made["masked"] = masked[0].numpy()
        conditions: dict[str, Any] = {"context": context, "text_mask": seen}
        if isinstance(filler, TokenCritic):
            filler(codes, **conditions)
        else:
            logits = filler(torch.where(masked, filler.mask_id, codes), **conditions)
            made |= _judged(logits, codes, masked)
    return made, tuple(notes)


def _judged(
    logits: torch.Tensor, codes: torch.Tensor, masked: torch.Tensor
) -> dict[str, np.ndarray]:
    """What MaskGit says of every token."""
    flat = rearrange(codes, "b t h w -> b (t h w)")
    loss = F.cross_entropy(rearrange(logits, "b n c -> b c n"), flat, reduction="none")
    best = logits.argmax(dim=-1).reshape(codes.shape)
    return {
        "predicted": torch.where(masked, best, codes)[0].numpy(),
        "loss": loss.reshape(codes.shape)[0].numpy(),
    }


def _context(
    model: nn.Module, filler: MaskGit | TokenCritic, prompt: Prompt
) -> tuple[torch.Tensor | None, torch.Tensor | None, tuple[str, ...]]:
    """The text as vectors '1 words c', and what was made up of it."""
    crossed = getattr(filler, "has_cross_attn", not getattr(filler, "unconditional", False))
    if not crossed:
        return None, None, ()
    encoder = encoder_of(model)
    if encoder is not None:
        context, mask = encoder([prompt.text])
        return context, mask, _unknown(encoder, prompt)
    return embed_words(prompt.words, text_width(model), seed=0), None, (RANDOM_WORDS,)


def _unknown(encoder: Any, prompt: Prompt) -> tuple[str, ...]:
    unknown = encoder.unknown(prompt.text) if hasattr(encoder, "unknown") else ()
    if not unknown:
        return ()
    named = ", ".join(f"“{word}”" for word in unknown[:5])
    return (f"words this model never learned share one vector: {named}",)


def _masked(codes: torch.Tensor, options: RunOptions) -> torch.Tensor:
    """Which codes are hidden: 'b t h w' bool, at least one unless the share is 0."""
    n = math.prod(codes.shape[1:])
    count = 0 if options.share == 0 else max(1, round(options.share * n))
    order = torch.rand((1, n), generator=torch.Generator().manual_seed(options.seed))
    return highest(order, count).reshape(codes.shape)


def _some_grid(tokens: int) -> Grid:
    """A grid that fits into so many positions: square frames, up to three of them."""
    side = max(1, math.isqrt(tokens // 3))
    side = min(side, 16)
    return max(1, min(tokens // side**2, 6)), side, side


def as_frames(video: torch.Tensor) -> np.ndarray:
    """The first video of 'b c f H W' in 0..1 as 'f H W c' uint8."""
    shown = rearrange(video[0].nan_to_num(0).clamp(0, 1), "c f h w -> f h w c")
    return (shown * 255).round().to(torch.uint8).cpu().numpy()
