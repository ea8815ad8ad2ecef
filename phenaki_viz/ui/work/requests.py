"""Requests of a model: one holds all that decides its result, and so is its own key.

`run` is given nothing else but a callback for progress. Two requests are equal when all their
fields are, so nothing that is added to one can be forgotten in a key. Models count by identity:
corrected settings or another text encoder make another model.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from phenaki_viz.checkpoints.files import Source
from phenaki_viz.data import Clip, Prompt, read_prompt
from phenaki_viz.models import Phenaki
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording import StorageChoice
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import DialledRun, Padding, run_dialled
from phenaki_viz.runs.files import RecordedRun, open_recording
from phenaki_viz.runs.model import NONE_OFF, ModelRun, RunOptions, run_model
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.sampled import SampledRun, Sampling, sample
from phenaki_viz.runs.training_step import run_training_step
from phenaki_viz.training.dialled_files import load_dialled
from phenaki_viz.ui.state.dial_settings import Settings

if TYPE_CHECKING:
    from torch import nn

MAP_LIMIT = 1 * 2**30  # bytes of maps in one run

Tell = Callable[[int, int], None]


class Request(Protocol):
    """A frozen dataclass that can be run; hashable."""

    def __hash__(self) -> int:
        """Of every field."""
        ...

    def run(self, tell: Tell, /) -> Run:
        """Compute it; `tell` gets (done, of). Raises PhenakiVizError when it cannot be had."""
        ...


@dataclass(frozen=True, kw_only=True)
class LookRequest:
    """One look at a trained model."""

    model: "nn.Module"
    clip: Clip
    prompt: Prompt
    options: RunOptions
    limit_bytes: int = MAP_LIMIT

    def run(self, tell: Tell, /) -> ModelRun:
        """See `run_model`."""
        return run_model(
            self.model, self.clip, self.prompt, self.options,
            limit_bytes=self.limit_bytes, on_progress=tell,
        )  # fmt: skip

    def saying(self, prompt: Prompt) -> "LookRequest":
        """A run of the same clip with another text."""
        return replace(self, prompt=prompt)

    def whole(self) -> "LookRequest":
        """A run of the same clip and text with every head on and every layer there."""
        return replace(self, options=replace(self.options, switches=NONE_OFF))


@dataclass(frozen=True, kw_only=True)
class DialledRequest:
    """A run of the model of the sliders."""

    settings: Settings
    clip: Clip
    limit_bytes: int = MAP_LIMIT

    def run(self, tell: Tell, /) -> DialledRun:
        """See `run_dialled`."""
        settings = self.settings
        return run_dialled(
            settings.config,
            self.clip,
            read_prompt(settings.prompt if settings.cross else ""),
            settings.padding,
            storage=settings.storage,
            limit_bytes=self.limit_bytes,
            on_progress=tell,
        )


@dataclass(frozen=True, kw_only=True)
class DialledAgainRequest:
    """A dialled run once more, with one thing changed. config: of the model."""

    config: DialConfig
    clip: Clip
    prompt: Prompt
    padding: Padding
    storage: StorageChoice = "auto"
    limit_bytes: int = MAP_LIMIT

    def run(self, tell: Tell, /) -> DialledRun:
        """See `run_dialled`."""
        return run_dialled(
            self.config, self.clip, self.prompt, self.padding,
            storage=self.storage, limit_bytes=self.limit_bytes, on_progress=tell,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SampleRequest:
    """A video sampled from a text. clip: that primes it; None where nothing does."""

    model: Phenaki
    prompt: Prompt
    sampling: Sampling
    clip: Clip | None = None
    switches: Switches = NONE_OFF
    storage: StorageChoice = "auto"
    limit_bytes: int = MAP_LIMIT

    def run(self, tell: Tell, /) -> SampledRun:
        """See `sample`."""
        return sample(
            self.model, self.prompt, self.sampling, self.clip, switches=self.switches,
            storage=self.storage, limit_bytes=self.limit_bytes, on_step=tell,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TrainedRequest:
    """A run of a dialled model that was trained here.

    weights: their file. digest: of its bytes. config: of the model. done: steps it was trained for.
    """

    weights: Path
    digest: str
    config: DialConfig
    done: int
    clip: Clip
    prompt: Prompt
    padding: Padding
    storage: StorageChoice = "auto"
    limit_bytes: int = MAP_LIMIT

    def run(self, tell: Tell, /) -> DialledRun:
        """See `run_training_step`."""
        parts, _ = load_dialled(self.weights)
        return run_training_step(
            parts, self.clip, self.prompt, done=self.done, padding=self.padding,
            storage=self.storage, limit_bytes=self.limit_bytes, on_progress=tell,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RecordingRequest:
    """A recording from a file, or from the name and content of an upload. digest: of its bytes."""

    path: Source
    digest: str

    def run(self, _: Tell, /) -> RecordedRun:
        """See `open_recording`."""
        return open_recording(self.path)
