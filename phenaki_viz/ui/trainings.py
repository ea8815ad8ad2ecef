"""The trainings of this server: kept outside the session, one at work at a time, found on disk."""

import os
import re
import shutil
import tempfile
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import streamlit as st
import torch

from phenaki_viz.errors import CheckpointError, TrainingError
from phenaki_viz.files import path_of
from phenaki_viz.models.dial import DialConfig, DialledModel, work_of
from phenaki_viz.recording.dialled import DialledRun, Padding
from phenaki_viz.recording.trained_steps import NO_PADDING, run_trained, steps_to_keep
from phenaki_viz.training.dialled import digits_for
from phenaki_viz.training.dialled_files import load_dialled
from phenaki_viz.ui.links import whole_number
from phenaki_viz.ui.training_jobs import Training, TrainSettings

STATES = "PHENAKI_VIZ_STATES"  # environment variable: where states are kept
MOST_TOKENS = 1024
MOST_STEP_BYTES = 4 * 2**30
MOST_WEIGHTS = 20_000_000
MOST_WORDS = 9
KEPT_TRAININGS = 3  # with their maps in memory
KEPT_FOLDERS = 6  # on disk
KEPT_RUNS = 2
# What a step keeps for its gradients: copies of the maps, and floats a layer, token and width.
# Fitted to the measured peaks of four models between 0.4 and 1.6 GiB; they agree within 15 %.
MAP_COPIES, FLOATS = 2, 15
_FOLDER = re.compile(r"[0-9a-f]{16}")


@dataclass
class Trainings:
    """Every training of this server. used: which weights other pages are asked to show."""

    folder: Path
    known: OrderedDict[TrainSettings, Training] = field(default_factory=OrderedDict)
    used: dict[DialConfig, tuple[Training, int]] = field(default_factory=dict)
    runs: OrderedDict[tuple[str, ...], DialledRun] = field(default_factory=OrderedDict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def active(self) -> Training | None:
        """The training that is at work, or None."""
        with self.lock:
            return next((job for job in self.known.values() if job.active), None)

    def find(self, settings: TrainSettings) -> Training | None:
        """The training of these settings: in memory, or as it was left on disk; None if neither."""
        with self.lock:
            if settings not in self.known:
                folder = self.folder / settings.digest
                done = [_number(path) for path in folder.glob("dialled-*.pt")]
                if not done:
                    return None
                self.known[settings] = Training(settings, folder, done=max(done))
            self.known.move_to_end(settings)
            return self.known[settings]

    def start(self, settings: TrainSettings) -> Training:
        """Begin or go on. Raises TrainingError when another is at work, or this is too large."""
        with self.lock:
            busy = self.active()
            if busy is not None:
                if busy.settings == settings:
                    return busy
                raise TrainingError(
                    f"one training at a time: pause the other ({busy.settings.words})"
                )
            refuse_training(settings)
            job = self.find(settings) or Training(settings, self.folder / settings.digest)
            self.known[settings] = job
            self._make_room(job)
            job.start()
            return job

    def start_over(self, settings: TrainSettings) -> None:
        """Forget a training that is not at work, with what it left on disk."""
        with self.lock:
            job = self.find(settings)
            if job is None or job.active:
                return
            del self.known[settings]
            self.used = {k: v for k, v in self.used.items() if v[0] is not job}
            _delete(job.folder)

    def use(self, job: Training, step: int) -> None:
        """Let other pages show the weights of this step wherever its settings are dialled."""
        with self.lock:
            self.used[job.settings.config] = (job, step)

    def put_back(self, config: DialConfig) -> None:
        """Let other pages show the random weights again."""
        with self.lock:
            self.used.pop(config, None)

    def _make_room(self, newest: Training) -> None:
        idle = [s for s, job in self.known.items() if job is not newest and not job.active]
        for settings in idle[: max(0, len(self.known) - KEPT_TRAININGS)]:
            del self.known[settings]
        mine = {job.folder.name for job in self.known.values()}
        mine |= {job.folder.name for job, _ in self.used.values()}
        with suppress(OSError):
            others = [p for p in self.folder.iterdir() if _FOLDER.fullmatch(p.name)]
            others = sorted((p for p in others if p.name not in mine), key=_age)
            for path in others[: max(0, len(others) + len(mine) - KEPT_FOLDERS)]:
                _delete(path)


def _pause_all(shelf: Trainings) -> None:
    for job in list(shelf.known.values()):
        job.pause()


@st.cache_resource(show_spinner=False, on_release=_pause_all)
def trainings() -> Trainings:
    """The trainings of this server."""
    return Trainings(states_folder())


def states_folder() -> Path:
    """Where states are kept: PHENAKI_VIZ_STATES, else the user's cache."""
    asked = os.environ.get(STATES)
    if asked:
        return path_of(asked)
    try:
        home = Path.home()
    except RuntimeError:
        home = Path(tempfile.gettempdir())
    return home / ".cache" / "phenaki_viz" / "trainings"


def trained_run(run: DialledRun, padding: Padding = NO_PADDING) -> DialledRun | None:
    """The same clip and prompt through the weights that “Use in the other pages” chose.

    None when none were chosen for the settings of `run`, or their file is gone. The same question
    gives the same run, so that what pages derive from it stays.
    """
    shelf = trainings()
    with shelf.lock:
        job, step = shelf.used.get(run.config, (None, 0))
        if job is None:
            return None
        key = (job.settings.digest, str(step), run.clip.digest, run.prompt.text, repr(padding))
        if key in shelf.runs:
            shelf.runs.move_to_end(key)
            return shelf.runs[key]
    try:
        parts, _ = load_dialled(job.weights(step))
    except CheckpointError:
        shelf.put_back(run.config)
        return None
    made = run_trained(parts, run.clip, run.prompt, done=step, padding=padding)
    with shelf.lock:
        shelf.runs[key] = made
        while len(shelf.runs) > KEPT_RUNS:
            shelf.runs.popitem(last=False)
    return made


def refuse_training(settings: TrainSettings) -> None:
    """Raise TrainingError, naming the dial to turn, when this cannot be trained in a page."""
    config, needed = settings.config, step_bytes(settings)
    if config.depth == 0:
        raise TrainingError("depth 0 has no attention to train: turn the depth up")
    if config.channels not in (1, 3):
        raise TrainingError(f"clips have 1 or 3 channels, not {config.channels}")
    if config.tokens > MOST_TOKENS:
        t, h, w = config.grid
        raise TrainingError(
            f"{t} × {h} × {w} = {config.tokens:,} tokens are too many to train here (at most "
            f"{MOST_TOKENS:,}): raise the patch, or lower the frame size or the number of frames"
        )
    if weights_of(config) > MOST_WEIGHTS:
        raise TrainingError(
            f"{weights_of(config) / 1e6:.0f} million weights are too many to train here (at most "
            f"{MOST_WEIGHTS / 1e6:.0f} million): lower the model width, the head width, the heads "
            "or the depth"
        )
    if needed > MOST_STEP_BYTES:
        raise TrainingError(
            f"one step would take about {needed / 2**30:.1f} GiB of memory (at most "
            f"{MOST_STEP_BYTES / 2**30:.0f} GiB): lower the clips a step, the heads or the depth, "
            "or raise the patch"
        )
    digits_for(config)


def step_bytes(settings: TrainSettings) -> int:
    """Bytes one step takes, roughly: maps, activations, weights, gradients and moments."""
    config = settings.config
    layers = config.depth * (1 if config.layout == "joint" else 2)
    activations = FLOATS * layers * config.tokens * (config.dim + config.heads * config.dim_head)
    maps = MAP_COPIES * work_of(config, MOST_WORDS).map_bytes
    return settings.batch * (maps + 4 * activations) + 16 * weights_of(config)


def disk_bytes(settings: TrainSettings) -> int:
    """Bytes a training leaves on disk: weights at the kept steps, and the last two states."""
    kept = len(steps_to_keep(settings.config, settings.steps))
    return weights_of(settings.config) * 4 * (kept + 2 * 3)


@lru_cache(maxsize=64)
def weights_of(config: DialConfig) -> int:
    """How many weights a dialled model has; nothing is allocated."""
    with torch.device("meta"):
        return sum(weight.numel() for weight in DialledModel(config).parameters())


def _number(path: Path) -> int:
    return whole_number(path.stem.rpartition("-")[2]) or 0


def _age(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _delete(folder: Path) -> None:
    if _FOLDER.fullmatch(folder.name):  # never anything but a training's own folder
        shutil.rmtree(folder, ignore_errors=True)
