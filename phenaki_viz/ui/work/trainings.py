"""The trainings of this server: kept outside the session, one at work at a time, found on disk."""

import os
import re
import shutil
import tempfile
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from weakref import WeakSet

import streamlit as st
from filelock import Timeout

from phenaki_viz.errors import PhenakiVizError, TrainingError
from phenaki_viz.files import path_of
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import DialledRun
from phenaki_viz.runs.training_cost import refuse_training
from phenaki_viz.runs.training_job import Training, TrainSettings, claim_of, give_up
from phenaki_viz.ui.session import page
from phenaki_viz.ui.state.link import whole_number
from phenaki_viz.ui.work import open_models, run_cache
from phenaki_viz.ui.work.requests import TrainedRequest
from phenaki_viz.ui.work.run_cache import RunRequest

STATES = "PHENAKI_VIZ_STATES"  # environment variable: where states are kept
KEPT_TRAININGS = 3  # with their maps in memory
KEPT_FOLDERS = 6  # on disk
_FOLDER = re.compile(r"[0-9a-f]{16}")
_USED = "train.used"


@dataclass
class Trainings:
    """Every training of this server. used: what its sessions show in their other pages."""

    folder: Path
    known: OrderedDict[TrainSettings, Training] = field(default_factory=OrderedDict)
    used: "WeakSet[Used]" = field(default_factory=WeakSet)
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
        """Begin or go on.

        Raises TrainingError when another is at work, when another server of this machine has this
        one, or when it is too large.
        """
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
            job.claim()
            self.known[settings] = job
            self._make_room(job)
            job.start()
            return job

    def start_over(self, settings: TrainSettings) -> None:
        """Forget a training that is not at work, with what it left on disk.

        Raises TrainingError when another server of this machine has it.
        """
        with self.lock:
            job = self.find(settings)
            if job is None or job.active:
                return
            job.claim()
            del self.known[settings]
            _delete(job.folder)
            job.let_go(for_good=True)

    def use(self, job: Training, step: int) -> "Used":
        """Keep the weights of this step for as long as what is returned is held."""
        with self.lock:
            used = Used(job, step)
            self.used.add(used)
            with suppress(TrainingError):  # another server's: it keeps them
                job.claim()
            return used

    def _make_room(self, newest: Training) -> None:
        """Forget idle trainings in memory, and delete the oldest unused ones on disk."""
        idle = [s for s, job in self.known.items() if job is not newest and not job.active]
        used = {one.job for one in self.used}
        for settings in idle[: max(0, len(self.known) - KEPT_TRAININGS)]:
            gone = self.known.pop(settings)
            if gone not in used:
                gone.let_go()
        mine = {job.folder.name for job in {*self.known.values(), *used}}
        with suppress(OSError):
            others = [p for p in self.folder.iterdir() if _FOLDER.fullmatch(p.name)]
            others = sorted((p for p in others if p.name not in mine), key=_age)
            for path in others[: max(0, len(others) + len(mine) - KEPT_FOLDERS)]:
                _delete_unclaimed(path)


@dataclass(frozen=True, eq=False)
class Used:
    """The weights of one step of a training, shown in a session's other pages."""

    job: Training
    step: int


def use(job: Training, step: int) -> None:
    """Show the weights of this step in this session's other pages, where its settings are dialled.

    Other sessions keep their own weights.
    """
    _chosen()[job.settings.config] = trainings().use(job, step)


def used(config: DialConfig) -> Used | None:
    """What this session shows instead of the random weights of these settings."""
    return _chosen().get(config)


def trained_copy(config: DialConfig) -> tuple[Training, int] | None:
    """A training of these settings and its last kept training step; None where there is none.

    Of those in memory the latest, else the one that the Train page's own settings left on disk.
    """
    shelf = trainings()
    with shelf.lock:
        known = [job for settings, job in shelf.known.items() if settings.config == config]
    left = shelf.find(TrainSettings(config=config))
    for job in (*reversed(known), *([left] if left else [])):
        if job.last_kept:
            return job, job.last_kept
    return None


def put_back(config: DialConfig) -> None:
    """Show the random weights in this session again."""
    _chosen().pop(config, None)


def _chosen() -> dict[DialConfig, Used]:
    chosen: dict[DialConfig, Used] = page.first(_USED, {})
    return chosen


def _pause_all(shelf: Trainings) -> None:
    for job in list(shelf.known.values()):
        job.pause(let_go=True)


@st.cache_resource(show_spinner=False, on_release=_pause_all)
def trainings() -> Trainings:
    """The trainings of this server."""
    return Trainings(states_folder())


def states_folder() -> Path:
    """Where states are kept: PHENAKI_VIZ_STATES, else the user's cache."""
    folder = os.environ.get(STATES)
    if folder:
        return path_of(folder)
    try:
        home = Path.home()
    except RuntimeError:
        home = Path(tempfile.gettempdir())
    return home / ".cache" / "phenaki_viz" / "trainings"


def trained_run(run: DialledRun) -> DialledRun | None:
    """A run's clip and prompt through the weights that this session chose to use.

    None when none were chosen for the settings of `run`. Raises PhenakiVizError, and shows random
    weights from then on, when they cannot be had.
    """
    chosen = used(run.config)
    if chosen is None:
        return None
    weights = chosen.job.weights(chosen.step)
    try:
        request = TrainedRequest(
            weights=weights,
            digest=open_models.digest(weights),
            config=run.config,
            done=chosen.step,
            clip=run.clip,
            prompt=run.prompt,
            padding=run.padding,
            storage=run.recording.storage.asked,
        )
        found = run_cache.get_run(RunRequest(request, partial(put_back, run.config)))
    except PhenakiVizError:
        put_back(run.config)
        raise
    return found if isinstance(found, DialledRun) else None


def _number(path: Path) -> int:
    return whole_number(path.stem.rpartition("-")[2]) or 0


def _age(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _delete_unclaimed(folder: Path) -> None:
    """Delete a training's folder, unless a server of this machine has it."""
    lock = claim_of(folder)
    try:
        lock.acquire()
    except (OSError, Timeout):
        return
    try:
        _delete(folder)
    finally:
        give_up(lock)


def _delete(folder: Path) -> None:
    if _FOLDER.fullmatch(folder.name):  # never anything but a training's own folder
        shutil.rmtree(folder, ignore_errors=True)
