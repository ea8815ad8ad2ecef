"""From the sliders to a recording: dialled settings, a clip and a prompt in, a `Run` out."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from phenaki_viz.data import Clip, Prompt, embed_words, fit_clip, to_tensor
from phenaki_viz.errors import ConfigError, RecordingTooLargeError
from phenaki_viz.models.dial import DialConfig, DialledModel, build, work_of
from phenaki_viz.models.text import PAD
from phenaki_viz.recording.hooks import DEFAULT_LIMIT, record
from phenaki_viz.recording.run import Run


@dataclass(frozen=True, kw_only=True)
class Padding:
    """Padding that masks hide: words after the prompt, time steps at the end of the clip."""

    words: int = 0
    steps: int = 0

    def __post_init__(self) -> None:
        if self.words < 0 or self.steps < 0:
            raise ConfigError(f"padding cannot be negative, got {self}")


NO_PADDING = Padding()


@dataclass(frozen=True, eq=False, kw_only=True)
class DialledRun(Run):
    """A run of a dialled model. config: what was dialled. padding: of words and steps."""

    config: DialConfig
    model: DialledModel
    padding: Padding = NO_PADDING


def run_dialled(
    config: DialConfig,
    clip: Clip,
    prompt: Prompt,
    padding: Padding = NO_PADDING,
    *,
    limit_bytes: int = DEFAULT_LIMIT,
    on_progress: Callable[[int, int], None] | None = None,
) -> DialledRun:
    """Build the model, run it once on the clip and the prompt, record every attention call.

    on_progress: see `record`. Raises RecordingTooLargeError before anything is built when the
    maps would take more than `limit_bytes`, VideoError when the clip has too few frames.
    """
    refuse_if_too_large(config, len(prompt.words) + padding.words, limit_bytes)
    fitted = fit_clip(clip, height=config.height, width=config.width, frames=config.frames)
    model = build(config)
    words = (*prompt.words, *[PAD] * padding.words)
    inputs = _inputs(config, fitted, prompt, padding)
    started = time.perf_counter()
    with (
        torch.inference_mode(),
        record(model, words=words, limit_bytes=limit_bytes, on_progress=on_progress) as recording,
    ):
        model(**inputs)
    seconds = time.perf_counter() - started
    recording.made_by |= {"clip": fitted.name, "clip_digest": fitted.digest, "prompt": prompt.text}
    return DialledRun(
        config=config,
        clip=fitted,
        prompt=prompt,
        model=model,
        padding=padding,
        recording=recording,
        temporal_patch=config.temporal_patch,
        seconds=seconds,
    )


def refuse_if_too_large(config: DialConfig, words: int, limit_bytes: int) -> None:
    """Raise RecordingTooLargeError when the maps of these settings would not fit."""
    needed = work_of(config, words).map_bytes
    if needed <= limit_bytes:
        return
    raise RecordingTooLargeError(
        f"{config.tokens:,} tokens × {config.depth} layers × {config.heads} heads make "
        f"{needed / 2**20:,.0f} MiB of attention maps; the limit is {limit_bytes / 2**20:,.0f} "
        "MiB. Use larger patches, a smaller frame size, fewer frames, or fewer layers or heads",
        needed=needed,
        limit=limit_bytes,
    )


def _inputs(
    config: DialConfig, clip: Clip, prompt: Prompt, padding: Padding
) -> dict[str, torch.Tensor]:
    inputs = {"video": to_tensor(clip, channels=config.channels)}
    if config.cross:
        inputs |= _text(config, prompt, padding)
    if padding.steps and config.layout == "joint":
        inputs["token_mask"] = _token_mask(config, padding)
    return inputs


def _text(config: DialConfig, prompt: Prompt, padding: Padding) -> dict[str, torch.Tensor]:
    words = embed_words(prompt.words, config.dim, seed=config.seed)
    empty = torch.zeros(1, padding.words, config.dim)
    seen = torch.arange(len(prompt.words) + padding.words) < len(prompt.words)
    return {"context": torch.cat((words, empty), dim=1), "context_mask": seen[None]}


def _token_mask(config: DialConfig, padding: Padding) -> torch.Tensor:
    t, h, w = config.grid
    if padding.steps >= t:
        raise ConfigError(f"{padding.steps} of {t} time steps are padding: keep at least one")
    return (torch.arange(config.tokens) < (t - padding.steps) * h * w)[None]
