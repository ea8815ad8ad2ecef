"""One training in a thread of its own: it goes on when the page is reloaded, and on disk for good.

Nothing here knows a page: callers read plain values, the thread writes them.
"""

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from filelock import FileLock, Timeout

from phenaki_viz.errors import CheckpointError, PhenakiVizError, TrainingError
from phenaki_viz.files import make_folder
from phenaki_viz.memory import lacks_memory
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording import Recording
from phenaki_viz.runs.training_step import fill_in, run_training_step, steps_to_keep, watched
from phenaki_viz.training.dialled import DialledTrainer, MaskedPatches
from phenaki_viz.training.dialled_files import load_dialled, save_dialled
from phenaki_viz.training.loop import Progress, resume, run

State = Literal["paused", "starting", "training", "finished", "failed"]
SAVE_SECONDS = 30.0  # what is lost at most when the server is ended
_WEIGHTS = "kept-{:07d}.safetensors"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What decides a training. batch: clips a step. learning_rate: at its highest."""

    config: DialConfig
    steps: int = 400
    batch: int = 4
    learning_rate: float = 2e-3

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that name these settings."""
        content = json.dumps(asdict(self), sort_keys=True).encode()
        return hashlib.sha256(content).hexdigest()[:16]

    @property
    def words(self) -> str:
        """Short, for a sentence."""
        c = self.config
        layout = "MaskGit" if c.layout == "joint" else "C-ViViT"
        return (
            f"{layout}, {c.heads} heads, depth {c.depth}, {c.tokens} tokens; "
            f"{self.steps:,} steps, {self.batch} clips each, learning rate {self.learning_rate:g}"
        )


@dataclass(frozen=True, eq=False)
class Kept:
    """What the model did with the watched clip at one step of its training.

    recording: its attention. hidden, filled: the clip with half its patches hidden, and with those
    filled in, 'f H W' uint8.
    """

    step: int
    recording: Recording
    hidden: np.ndarray
    filled: np.ndarray


@dataclass(eq=False)
class Training:
    """A training and what is known of it. Reading is safe from every thread.

    losses: of every step so far. kept: attention on the watched clip, in order of the steps.
    restored: where the thread went on. begun: where its latest measured stretch of steps began.
    error: why it failed, in words.
    """

    settings: TrainSettings
    folder: Path
    state: State = "paused"
    progress: Progress | None = None
    losses: list[float] = field(default_factory=list)
    kept: tuple[Kept, ...] = ()
    restored: int = 0
    begun: int = 0
    done: int = 0
    error: str = ""
    _claim: FileLock | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _ends: bool = False

    @property
    def active(self) -> bool:
        """Whether its thread is at work."""
        return self.state in ("starting", "training")

    @property
    def pausing(self) -> bool:
        """Whether it is at work on its last step."""
        return self.active and self._stop.is_set()

    @property
    def pace(self) -> float | None:
        """Steps a second lately, recordings included; None before the first."""
        at = self.progress
        return (at.done - self.begun) / at.seconds if at and at.done > self.begun else None

    def claim(self) -> None:
        """Have the folder for this server alone, until `let_go` or until the server ends.

        Raises TrainingError when another server of this machine has it.
        """
        if self._claim is not None:
            return
        make_folder(self.folder.parent)
        lock = claim_of(self.folder)
        try:
            lock.acquire()
        except Timeout as error:
            raise TrainingError(
                "this training is open in another server of this machine: go on with it there, "
                "or end that server first"
            ) from error
        except OSError as error:
            raise TrainingError(
                f"{self.folder.parent} cannot be written to ({error.strerror or error}): name "
                "another folder with PHENAKI_VIZ_STATES"
            ) from error
        self._claim = lock
        states = self.folder.glob("dialled-*.pt")
        self.done = max([self.done, *(int(path.stem.rpartition("-")[2]) for path in states)])

    def let_go(self, *, for_good: bool = False) -> None:
        """Let another server of this machine have the folder. for_good: it is deleted."""
        if self._claim is not None:
            if for_good:
                give_up(self._claim)
            self._claim.release()
            self._claim = None

    def start(self) -> None:
        """Begin, or go on where the last saved state is."""
        self._stop.clear()
        self._ends = False
        self.state, self.error, self.progress = "starting", "", None
        name = f"training-{self.settings.digest}"
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def pause(self, *, let_go: bool = False) -> None:
        """Stop after the step under way; its state is saved. let_go: of the folder, then."""
        self._ends = let_go
        self._stop.set()
        if let_go and not self.active:
            self.let_go()

    def wait(self, seconds: float) -> None:
        """Wait until the thread has ended, at most so long."""
        if self._thread:
            self._thread.join(seconds)

    @property
    def kept_steps(self) -> tuple[int, ...]:
        """Training steps whose weights are on disk, in order."""
        kept = (path.stem.removeprefix("kept-") for path in self.folder.glob("kept-*"))
        return tuple(sorted(int(step) for step in kept if step.isdecimal()))

    @property
    def last_kept(self) -> int:
        """The last training step whose weights are on disk; 0 for none."""
        return max(self.kept_steps, default=0)

    def weights(self, step: int) -> Path:
        """The file of the weights at a kept step."""
        return self.folder / _WEIGHTS.format(step)

    def _work(self) -> None:
        try:
            self.claim()
            self.state = "finished" if self._train() else "paused"
        except PhenakiVizError as error:
            self.error, self.state = str(error), "failed"
        except Exception as error:
            _log.exception("a training in the page failed")
            self.error = _unforeseen(error)
            self.state = "failed"
        if self._ends:
            self.let_go()

    def _train(self) -> bool:
        # One core is left to the page. It counts for this thread alone where PyTorch uses OpenMP.
        torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 2) - 1)))
        settings = self.settings
        trainer = DialledTrainer(
            settings.config,
            steps=settings.steps,
            batch=settings.batch,
            learning_rate=settings.learning_rate,
        )
        resume(trainer, self.folder)
        self.restored = self.done = trainer.done
        self.losses = trainer.losses
        wanted = steps_to_keep(settings.config, settings.steps)
        self._recall(trainer.done, wanted)
        if trainer.done == 0:
            self._keep(trainer, wanted)
        self.state = "training"
        reached = False
        while not reached and not self._stop.is_set():
            reached = self._stretch(trainer, wanted)
        self._keep(trainer, wanted)
        return reached

    def _stretch(self, trainer: DialledTrainer, wanted: tuple[int, ...]) -> bool:
        """Some steps, then a saved state; True at the end."""
        self.begun, ends = trainer.done, time.monotonic() + SAVE_SECONDS
        return run(
            trainer,
            self.folder,
            every=trainer.steps,
            on_progress=self._teller(trainer, wanted),
            should_stop=lambda: self._stop.is_set() or time.monotonic() > ends,
        )

    def _teller(
        self, trainer: DialledTrainer, wanted: tuple[int, ...]
    ) -> Callable[[Progress], None]:
        def tell(progress: Progress) -> None:
            self.progress, self.done = progress, progress.done
            if progress.done in wanted:
                self._keep(trainer, wanted)

        return tell

    def _keep(self, trainer: DialledTrainer, wanted: tuple[int, ...]) -> None:
        """Weights on disk, maps in memory; a step that was only a pause goes when one follows."""
        if any(kept.step == trainer.done for kept in self.kept):
            return
        record = {
            "steps": trainer.done,
            "of": trainer.steps,
            "batch": self.settings.batch,
            "learning_rate": self.settings.learning_rate,
            "loss": trainer.losses[-1] if trainer.losses else None,
            "torch": torch.__version__,
        }
        make_folder(self.folder)
        save_dialled(self.weights(trainer.done), trainer.parts, record)
        for kept in self.kept:
            if kept.step not in wanted:
                self.weights(kept.step).unlink(missing_ok=True)
        before = tuple(kept for kept in self.kept if kept.step in wanted)
        self.kept = (*before, _looked(trainer.parts, trainer.done))

    def _recall(self, done: int, wanted: tuple[int, ...]) -> None:
        """After a restart: record the kept weights again. What is newer than the state goes."""
        have = {kept.step: kept for kept in self.kept if kept.step <= done}
        for path in sorted(self.folder.glob("kept-*.safetensors")):
            step = int(path.stem.removeprefix("kept-"))
            if step > done or (step not in wanted and step != done):
                path.unlink(missing_ok=True)
            elif step not in have:
                self._recall_one(path, step, have)
        self.kept = tuple(have[step] for step in sorted(have))

    def _recall_one(self, path: Path, step: int, have: dict[int, Kept]) -> None:
        try:
            parts, _ = load_dialled(path)
        except CheckpointError:
            path.unlink(missing_ok=True)
            return
        have[step] = _looked(parts, step)


def claim_of(folder: Path) -> FileLock:
    """Held by the one server of this machine that has a training's folder; given up when it ends.

    Beside the folder, so that the folder can be deleted under it. `acquire` raises Timeout at once.
    """
    return FileLock(folder.with_name(f"{folder.name}.lock"), timeout=0, thread_local=False)


def give_up(lock: FileLock) -> None:
    """Release a claim on what is deleted: its file goes while it is held, as its peers notice."""
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def _looked(parts: MaskedPatches, step: int) -> Kept:
    clip, prompt = watched(parts.config)
    run = run_training_step(parts, clip, prompt, done=step)
    hidden, filled = fill_in(parts, clip, prompt)
    return Kept(step, run.recording, hidden, filled)


def _unforeseen(error: Exception) -> str:
    if lacks_memory(error):
        return "there was not enough memory: use a smaller batch, fewer layers or fewer tokens"
    return f"it stopped by an unforeseen error ({type(error).__name__}); the server's log says more"
