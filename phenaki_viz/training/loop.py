"""Steps one after the other, with progress, a way to stop, and states on disk to go on from."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from phenaki_viz.checkpoints.files import load_state
from phenaki_viz.errors import CheckpointError
from phenaki_viz.files import make_folder, replacing

KEPT_STATES = 2


class StoppedError(Exception):
    """A stop was requested; nothing is wrong, and what was saved stays."""


class Trainer(Protocol):
    """Something that learns step by step."""

    name: str
    steps: int
    done: int

    def advance(self) -> float:
        """One step; returns its loss."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything a resumed training needs."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        ...


@dataclass(frozen=True)
class Progress:
    """Where a training is. loss: of this step. seconds_left: at the pace so far."""

    name: str
    done: int
    steps: int
    loss: float
    seconds: float
    seconds_left: float


def run(
    trainer: Trainer,
    folder: Path | None = None,
    *,
    every: int = 200,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> bool:
    """Train to the end, or until `should_stop`; True when the end was reached.

    folder: where a state is saved every `every` steps and at the end or stop, the last two kept.
    on_progress: after every step. Raises ExportError when a state cannot be written.
    """
    started, begun = time.perf_counter(), trainer.done
    while trainer.done < trainer.steps:
        if should_stop and should_stop():
            _save(trainer, folder)
            return False
        loss = trainer.advance()
        if folder and trainer.done % every == 0:
            _save(trainer, folder)
        if on_progress:
            seconds = time.perf_counter() - started
            pace = seconds / (trainer.done - begun)
            left = pace * (trainer.steps - trainer.done)
            on_progress(Progress(trainer.name, trainer.done, trainer.steps, loss, seconds, left))
    _save(trainer, folder)
    return True


def resume(trainer: Trainer, folder: Path) -> bool:
    """Go on from the newest whole state in `folder`; False when there is none.

    Raises TrainingError when the newest state is of another training.
    """
    for path in reversed(_states(trainer, folder)):
        state = _read(path)
        if state is not None:
            trainer.restore(state)
            return True
    return False


def _save(trainer: Trainer, folder: Path | None) -> None:
    if folder is None:
        return
    make_folder(folder)
    path = folder / f"{_stem(trainer)}-{trainer.done:07d}.pt"
    with replacing(path) as file:
        torch.save(trainer.state(), file)
    for old in _states(trainer, folder)[:-KEPT_STATES]:
        with suppress(OSError):
            old.unlink()


def _states(trainer: Trainer, folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_stem(trainer)}-*.pt"))


def _stem(trainer: Trainer) -> str:
    return trainer.name.lower().replace("-", "")


def _read(path: Path) -> dict[str, Any] | None:
    """A saved state; None when the file is damaged, so that the one before is tried."""
    try:
        return load_state(path)
    except CheckpointError:
        return None
