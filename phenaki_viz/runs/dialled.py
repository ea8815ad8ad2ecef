"""From the sliders to a recording: dialled settings, a clip and a prompt in, a `Run` out."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from phenaki_viz.data import Clip, Prompt, embed_words, fit_clip, to_tensor
from phenaki_viz.errors import ConfigError, RecordingTooLargeError
from phenaki_viz.models.dial import DialConfig, build, work_of
from phenaki_viz.models.text import PAD
from phenaki_viz.nouns import over_limit
from phenaki_viz.recording import record
from phenaki_viz.recording.options import DEFAULT_LIMIT, StorageChoice
from phenaki_viz.runs.live import remember_model
from phenaki_viz.runs.run import KEPT, Run

MOST_WORK = 3 * 10**12  # multiply-adds of one forward: minutes on two cores


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
    padding: Padding = NO_PADDING


def run_dialled(
    config: DialConfig,
    clip: Clip,
    prompt: Prompt,
    padding: Padding = NO_PADDING,
    *,
    storage: StorageChoice = "auto",
    limit_bytes: int = DEFAULT_LIMIT,
    on_progress: Callable[[int, int], None] | None = None,
) -> DialledRun:
    """Build the model, run it once on the clip and the prompt, record every attention call.

    storage: see `record`; left to choose, all maps of a run are stored alike. on_progress: see
    `record`. Raises RecordingTooLargeError before anything is built when dense maps would take
    more than `limit_bytes` or the forward more than `MOST_WORK`, VideoError when the clip has too
    few frames.
    """
    how = how_to_store(config, len(prompt.words) + padding.words, storage, limit_bytes)
    fitted = fit_clip(clip, height=config.height, width=config.width, frames=config.frames)
    model = build(config)
    words = (*prompt.words, *[PAD] * padding.words)
    inputs = inputs_of(config, fitted, prompt, padding)
    started = time.perf_counter()
    with (
        torch.inference_mode(),
        record(
            model,
            words=words,
            storage=how,
            extras=KEPT,
            limit_bytes=limit_bytes,
            on_progress=on_progress,
        ) as recording,  # fmt: skip
    ):
        model(**inputs)
    recording.storage = replace(recording.storage, asked=storage)
    seconds = time.perf_counter() - started
    recording.provenance |= {
        **fitted.facts,
        "prompt": prompt.text,
        "random_words": config.cross,
        "notes": [*fitted.notes, *(prompt.notes if config.cross else ())],
    }
    run = DialledRun(
        config=config,
        clip=fitted,
        prompt=prompt,
        padding=padding,
        recording=recording,
        temporal_patch=config.temporal_patch,
        seconds=seconds,
    )
    return remember_model(model, run)


def how_to_store(
    config: DialConfig, words: int, storage: StorageChoice, limit_bytes: int
) -> StorageChoice:
    """How all maps of one run are stored: dense, or factored.

    Raises RecordingTooLargeError when maps that must be dense would not fit, or the forward
    itself would take too long.
    """
    work = work_of(config, words)
    large = work.map_bytes > limit_bytes
    size = f"{config.tokens:,} tokens × {config.depth} layers × {config.heads} heads"
    advice = "Use larger patches, a smaller frame size, fewer frames, or fewer layers or heads"
    if large and storage == "dense":
        found, most = over_limit(work.map_bytes, limit_bytes)
        raise RecordingTooLargeError(
            f"{size} make {found} of attention maps; the limit is {most}. {advice}, or store the "
            "maps factored",
            needed=work.map_bytes,
            limit=limit_bytes,
        )
    if work.multiply_adds > MOST_WORK:
        raise RecordingTooLargeError(
            f"{size} take {work.multiply_adds / 1e12:,.1f} trillion multiply-adds; the limit is "
            f"{MOST_WORK / 1e12:,.1f}. {advice}",
            needed=work.multiply_adds,
            limit=MOST_WORK,
        )
    return "factored" if large or storage == "factored" else "dense"


def inputs_of(
    config: DialConfig, clip: Clip, prompt: Prompt, padding: Padding = NO_PADDING
) -> dict[str, torch.Tensor]:
    """What a dialled model is called with. clip: of the dialled size."""
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
