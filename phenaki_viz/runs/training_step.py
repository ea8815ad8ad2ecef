"""The attention of a model that is being trained, at some of its steps, on one clip."""

import time
from collections.abc import Callable

import numpy as np
import torch

from phenaki_viz.data import Clip, Prompt, read_prompt, to_tensor
from phenaki_viz.errors import ConfigError
from phenaki_viz.models.dial import DialConfig, work_of
from phenaki_viz.models.text import PAD
from phenaki_viz.recording import record
from phenaki_viz.recording.options import DEFAULT_LIMIT, StorageChoice
from phenaki_viz.runs.dialled import NO_PADDING, DialledRun, Padding
from phenaki_viz.runs.live import remember_model
from phenaki_viz.training.dialled import (
    MaskedPatches,
    as_pixels,
    hide_half,
    text_for,
    watched_clip,
)

KEPT_BYTES = 256 * 2**20  # of maps of one training
_LADDER = (1, 1.5, 2, 3, 5, 7)
FEWEST = 2  # kept steps, whatever their maps take: the first and the last


def watched(config: DialConfig) -> tuple[Clip, Prompt]:
    """The clip that every kept step is recorded on, and its caption: held-out digits."""
    digits = watched_clip(config)
    frames = np.round(digits.frames * 255).astype(np.uint8)[..., None]
    return Clip(frames, f"held-out digits: {digits.caption}"), read_prompt(digits.caption)


def steps_to_keep(config: DialConfig, steps: int, limit_bytes: int = KEPT_BYTES) -> tuple[int, ...]:
    """Which steps of a training are recorded: close together at first, where most changes.

    0, 10, 15, 20, 30, 50, 70, 100, … and the last. Evenly fewer when their maps would take more
    than `limit_bytes` together; the first and the last are always among them.
    """
    rungs = {round(rung * 10**power) for power in range(1, 8) for rung in _LADDER}
    wanted = sorted({0, steps} | {rung for rung in rungs if rung < steps})
    words = len(watched(config)[1].words)
    room = max(FEWEST, limit_bytes // max(1, work_of(config, words).map_bytes))
    if len(wanted) <= room:
        return tuple(wanted)
    at = np.linspace(0, len(wanted) - 1, int(room)).round().astype(int)
    return tuple(wanted[place] for place in at)


def run_training_step(
    parts: MaskedPatches,
    clip: Clip,
    prompt: Prompt,
    *,
    done: int,
    padding: Padding = NO_PADDING,
    storage: StorageChoice = "auto",
    limit_bytes: int = DEFAULT_LIMIT,
    on_progress: Callable[[int, int], None] | None = None,
) -> DialledRun:
    """Record a model that was trained for `done` steps; it sees every patch of the clip.

    clip: of the dialled size. prompt: read with the words' learned vectors, cut to as many words
    as the model has places for. hold, on_progress: see `record`. The parts are left in eval mode.
    Raises RecordingTooLargeError.
    """
    config, model = parts.config, parts.eval().model
    model.random_weights = done == 0
    words, text = _text(parts, prompt, padding)
    inputs = {"video": to_tensor(clip, channels=config.channels)} | text
    if padding.steps and config.layout == "joint":
        inputs["token_mask"] = _token_mask(config, padding)
    started = time.perf_counter()
    with (
        torch.inference_mode(),
        record(
            model, words=words, storage=storage, limit_bytes=limit_bytes, on_progress=on_progress
        ) as recording,
    ):
        model(**inputs)
    recording.provenance |= {
        **clip.facts,
        "prompt": prompt.text,
        "trained": f"in this page, {done:,} training steps" if done else "not yet",
        "trained_steps": done,
    }
    run = DialledRun(
        config=config,
        clip=clip,
        prompt=prompt,
        padding=padding,
        recording=recording,
        temporal_patch=config.temporal_patch,
        seconds=time.perf_counter() - started,
    )
    return remember_model(model, run)


def fill_in(parts: MaskedPatches, clip: Clip, prompt: Prompt) -> tuple[np.ndarray, np.ndarray]:
    """The clip with half of its patches hidden, and with those filled in by the model.

    Both 'f H W' uint8; hidden patches of the first are mid-grey. The same patches every time.
    """
    config = parts.eval().config
    grey = to_tensor(clip, channels=1)[:, 0]
    masked = hide_half(config.grid)
    context = text_for(parts, [prompt.text])
    with torch.inference_mode():
        made = parts(to_tensor(clip, channels=config.channels), masked, **context).clamp(0, 1)
    hidden = as_pixels(masked, config)
    shown = torch.where(hidden, 0.5, grey)[0], torch.where(hidden, made, grey)[0]
    first, second = ((frames * 255).round().to(torch.uint8).numpy() for frames in shown)
    return first, second


def _text(
    parts: MaskedPatches, prompt: Prompt, padding: Padding
) -> tuple[tuple[str, ...], dict[str, torch.Tensor]]:
    if parts.text is None:
        return (), {}
    with torch.inference_mode():
        context, _ = parts.text([prompt.text])
    words = parts.text.split(prompt.text)
    count = len(words)  # an empty prompt comes back as one word of padding
    empty = torch.zeros(1, padding.words, parts.config.dim)
    seen = torch.arange(count + padding.words) < count
    context = torch.cat((context[:, :count], empty), dim=1)
    return (*words, *[PAD] * padding.words), {"context": context, "context_mask": seen[None]}


def _token_mask(config: DialConfig, padding: Padding) -> torch.Tensor:
    t, h, w = config.grid
    if padding.steps >= t:
        raise ConfigError(f"{padding.steps} of {t} time steps are padding: keep at least one")
    return (torch.arange(config.tokens) < (t - padding.steps) * h * w)[None]
