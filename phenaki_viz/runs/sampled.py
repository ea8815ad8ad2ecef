"""A video sampled from a prompt, every decoding step and its attention recorded."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch

from phenaki_viz.data import Clip, Prompt, fit_clip, picked, to_tensor
from phenaki_viz.errors import ConfigError
from phenaki_viz.models import Phenaki
from phenaki_viz.models.phenaki import Decoding, Sampled, SampleStep
from phenaki_viz.recording import record
from phenaki_viz.recording.families.phenaki import attention_modules
from phenaki_viz.recording.options import DEFAULT_LIMIT, StorageChoice
from phenaki_viz.recording.origin import origin_of
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.switches import Switches, switched
from phenaki_viz.runs.live import remember_model
from phenaki_viz.runs.model import NONE_OFF, as_frames, read_words, text_read
from phenaki_viz.runs.run import Run

CONDITIONAL, UNCONDITIONAL = "conditional", "unconditional"


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a video is sampled.

    frames: to make, priming not counted. guidance: 1 is none. steps: of decoding. temperature: at
    the start. seed: of every choice. priming: frames of the clip that come before.
    """

    frames: int = 9
    guidance: float = 3.0
    steps: int = 18
    temperature: float = 0.9
    seed: int = 0
    priming: int = 0

    def __post_init__(self) -> None:
        ranges = {"frames": (1, 1025), "steps": (1, 200), "priming": (0, 1024), "seed": (0, 2**31)}
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} is {getattr(self, name)}; use {low} to {high}")
        if not 0 <= self.guidance <= 100 or not 0 <= self.temperature <= 100:
            raise ConfigError(
                f"guidance {self.guidance} and temperature {self.temperature}: use 0 to 100"
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class DecodingStep:
    """One step: what it did to each token, 't h w' each; priming tokens are never masked.

    masked: bool, filled in at this step. codes: int, afterwards. confidence: float32, probability
    of the predicted code under the guided logits. changed: bool, masked here though an earlier
    step had filled it, and now another code than then. again: bool, masked again by the next step.
    """

    masked: np.ndarray
    codes: np.ndarray
    confidence: np.ndarray
    changed: np.ndarray
    again: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class SampledRun(Run):
    """A sampled video. clip: what came out, priming frames included.

    steps: in order. previews: 'step f H W c' uint8, what the codes of each step decode to.
    """

    sampling: Sampling
    steps: tuple[DecodingStep, ...]
    previews: np.ndarray
    primed_steps: int


def sample(
    model: Phenaki,
    prompt: Prompt,
    sampling: Sampling,
    clip: Clip | None = None,
    *,
    switches: Switches = NONE_OFF,
    storage: StorageChoice = "auto",
    limit_bytes: int = DEFAULT_LIMIT,
    on_step: Callable[[int, int], None] | None = None,
) -> SampledRun:
    """Sample one video and record MaskGit's (and a critic's) attention at every step.

    Records are labelled with their step and branch. clip: its last frames prime the
    video. switches: what is off meanwhile. storage: see `record`. on_step: called before each step
    with (steps done, of); what it raises stops the sampling.
    Raises ConfigError or ShapeError when the model cannot make such a video.
    """
    prime = _prime(model, sampling, clip)
    grid = _grid(model, sampling)
    kept: dict[str, Any] = {"storage": storage, "limit_bytes": limit_bytes}
    words = read_words(model, text_read(prompt, switches))
    started = time.perf_counter()
    with torch.inference_mode(), switched(model, switches):
        recording, made, done = _decode(
            model, prompt, sampling, prime, kept | {"words": words}, on_step
        )
        recording.provenance |= switches.origin
        seconds = time.perf_counter() - started
        if clip is not None and sampling.priming:
            first = len(clip.frames) - sampling.priming
            recording.provenance["primed_by"] = picked(clip, start=first).facts
        primed = done.codes.flatten(1)[:, : math.prod(grid) - made[0].codes.shape[1]]
        previews = _previews(model, primed, made)
    shown = as_frames(done.video)
    if prime is not None:
        shown = np.concatenate((as_frames(prime), shown))
    primed_steps = primed.shape[1] // math.prod(grid[1:])
    recording.provenance["primed_steps"] = primed_steps
    run = SampledRun(
        clip=Clip(shown, f"sampled: {prompt.text}"),
        prompt=prompt,
        recording=recording,
        temporal_patch=model.cvivit.temporal_patch_size,
        seconds=seconds,
        sampling=sampling,
        steps=_steps(made, grid, primed[0]),
        previews=previews,
        primed_steps=primed_steps,
    )
    return remember_model(model, run)


def _decode(
    model: Phenaki,
    prompt: Prompt,
    sampling: Sampling,
    prime: torch.Tensor | None,
    kept: dict[str, Any],
    on_step: Callable[[int, int], None] | None,
) -> tuple[Recording, list[SampleStep], Sampled]:
    """Every step with its attention, and what came out. kept: arguments of `record`."""
    with record(model, modules=_fillers(model), verify_rows=2, **kept) as recording:
        recording.provenance |= origin_of(model, (), {"prompt": prompt.text, "prime": prime})

        def begin(step: int) -> None:
            recording.mark(step=step)
            if on_step:
                on_step(step, sampling.steps)

        *made, done = model.sample_steps(
            num_frames=sampling.frames,
            texts=None if model.maskgit.unconditional else [prompt.text],
            prime_frames=prime,
            decoding=Decoding(
                cond_scale=sampling.guidance,
                starting_temperature=sampling.temperature,
                steps=sampling.steps,
            ),
            generator=torch.Generator().manual_seed(sampling.seed),
            before_step=begin,
        )
    recording.provenance |= {"prompt": prompt.text, "sampling": vars(sampling)}
    return recording, cast(list[SampleStep], made), cast(Sampled, done)


def _prime(model: Phenaki, sampling: Sampling, clip: Clip | None) -> torch.Tensor | None:
    if not sampling.priming:
        return None
    if clip is None or len(clip.frames) < sampling.priming:
        raise ConfigError(f"{sampling.priming} priming frames are asked of a shorter clip")
    height, width = model.cvivit.image_size
    fitted = fit_clip(clip, height=height, width=width, frames=len(clip.frames))
    return to_tensor(fitted, channels=model.cvivit.channels)[:, :, -sampling.priming :]


def _grid(model: Phenaki, sampling: Sampling) -> tuple[int, int, int]:
    """The grid of the whole video; refused before anything runs when MaskGit is too short."""
    grid = model.cvivit.get_video_patch_shape(sampling.frames + sampling.priming)
    tokens, most = math.prod(grid), model.maskgit.max_seq_len
    if tokens > most:
        raise ConfigError(
            f"{sampling.priming} priming and {sampling.frames} new frames are {tokens} tokens; "
            f"this model has positions for {most}: make fewer frames"
        )
    return grid


def _fillers(model: Phenaki) -> list[str]:
    """The attention modules that take part in decoding."""
    return [name for name in attention_modules(model) if not name.startswith("cvivit.")]


def _steps(
    made: list[SampleStep], grid: tuple[int, int, int], primed: torch.Tensor
) -> tuple[DecodingStep, ...]:
    """What each step did, laid out on the grid; primed: codes of the priming tokens, 'n'."""
    t, h, w = grid
    steps = []
    for at, step in enumerate(made):
        before = made[at - 1].codes if at else step.codes
        after = made[at + 1].masked if at + 1 < len(made) else torch.zeros_like(step.masked)
        tokens = {
            "masked": step.masked,
            "codes": step.codes,
            "confidence": step.confidence,
            "changed": step.masked & (step.codes != before) & (at > 0),
            "again": after,
        }
        given = {"codes": primed, "confidence": torch.ones(len(primed))}  # and never masked
        arrays = {
            name: torch.cat((given.get(name, torch.zeros(len(primed))).to(tensor), tensor[0]))
            for name, tensor in tokens.items()
        }
        steps.append(
            DecodingStep(**{name: one.reshape(t, h, w).numpy() for name, one in arrays.items()})
        )
    return tuple(steps)


def _previews(model: Phenaki, primed: torch.Tensor, made: list[SampleStep]) -> np.ndarray:
    """What each step's codes decode to, all in one batch."""
    codes = torch.cat([torch.cat((primed, step.codes), dim=1) for step in made])
    videos = model.cvivit.decode_from_codebook_indices(codes)
    return np.stack([as_frames(video[None]) for video in videos])
