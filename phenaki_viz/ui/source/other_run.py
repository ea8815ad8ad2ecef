"""What is compared with what the app looks at: B, one thing changed at a time, as data."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.data import Clip, Prompt
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import DialledRun
from phenaki_viz.runs.live import model_of
from phenaki_viz.runs.model import NONE_OFF, ModelRun, RunOptions
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.training_job import Training
from phenaki_viz.ui import session
from phenaki_viz.ui.session import named
from phenaki_viz.ui.work import open_models, page_jobs, run_cache
from phenaki_viz.ui.work.requests import (
    DialledAgainRequest,
    LookRequest,
    Request,
    TrainedRequest,
)
from phenaki_viz.ui.work.run_cache import RunRequest
from phenaki_viz.ui.work.trainings import used

if TYPE_CHECKING:
    from torch import nn

HELD = "compare.held"  # the run that was cancelled


@dataclass(frozen=True, kw_only=True)
class Other:
    """B. a, b: what A and B are, in a few words: what differs. seconds: B likely takes.

    wanted: the run to be had; None where what the app looks at holds it. part_a, part_b: of that
    run, which part is A and which B; None is what the app looks at, and all of it.
    """

    a: str
    b: str
    wanted: RunRequest | None = None
    seconds: float = 0.0
    part_a: Callable[[Run], Run] | None = None
    part_b: Callable[[Run], Run] | None = None


def cancellable(request: Request, doing: str = "Running the transformer: attention") -> RunRequest:
    """A run that can be cancelled: it is not begun again until its button is pressed."""
    return RunRequest(request, lambda: _hold(request), doing)


def fetch(run: Run, other: Other) -> tuple[Run, Run] | None:
    """A and B; None where B cannot be had or was cancelled, which is said."""
    found = run
    if other.wanted is not None:
        request = other.wanted.request
        if session.get(HELD) == request and run_cache.shelf().get(request) is None:
            st.info("The other run was cancelled.", icon=":material/pause_circle:")
            st.button(
                "Run it", type="primary", on_click=session.here(go_on), key=named("compare.go")
            )
            return None
        try:
            found = page_jobs.fetch_run(other.wanted, other.seconds)
        except PhenakiVizError as error:
            st.error("B cannot be had.", icon=":material/block:")
            st.text(str(error))
            return None
    a = run if other.part_a is None else other.part_a(found)
    return a, found if other.part_b is None else other.part_b(found)


def _hold(request: Request) -> None:
    session.put(HELD, request)


def go_on() -> None:
    """Ask again for what was cancelled; a callback."""
    session.drop(HELD)


@dataclass(frozen=True, kw_only=True)
class Change:
    """The one thing that is another in B; None is as in A. seed: of masks, or of random weights."""

    clip: Clip | None = None
    prompt: Prompt | None = None
    seed: int | None = None
    switches: Switches | None = None


def changed(run: ModelRun | DialledRun, change: Change) -> Request:
    """The run once more, with one thing changed. Raises RecordingError where its model is gone."""
    clip, prompt = change.clip or run.clip, change.prompt or run.prompt
    if isinstance(run, DialledRun):
        return _dialled(run, clip, prompt, change.seed)
    options = replace(run.options, frames=len(run.clip.frames))
    if change.seed is not None:
        options = replace(options, seed=change.seed)
    if change.switches is not None:
        options = replace(options, switches=change.switches)
    return LookRequest(model=model_of(run), clip=clip, prompt=prompt, options=options)


def shown_to(model: "nn.Module", run: Run) -> Request:
    """Another model, shown what this run's was, with nothing switched off."""
    options = run.options if isinstance(run, ModelRun) else RunOptions()
    options = replace(options, frames=len(run.clip.frames), switches=NONE_OFF)
    return LookRequest(model=model, clip=run.clip, prompt=run.prompt, options=options)


def at_step(run: DialledRun, job: Training, step: int) -> Request:
    """The run with the weights of a training step."""
    weights = job.weights(step)
    return TrainedRequest(
        weights=weights, digest=open_models.digest(weights), config=run.config, done=step,
        clip=run.clip, prompt=run.prompt, padding=run.padding, storage=run.recording.storage.asked,
    )  # fmt: skip


def _dialled(run: DialledRun, clip: Clip, prompt: Prompt, seed: int | None) -> Request:
    """Of the weights that are in use: those that this session trained, or random ones."""
    trained = used(run.config)
    if trained is not None and seed is None:
        shown = replace(run, clip=clip, prompt=prompt)
        return at_step(shown, trained.job, trained.step)
    config = run.config if seed is None else replace(run.config, seed=seed)
    return DialledAgainRequest(
        config=config, clip=clip, prompt=prompt, padding=run.padding,
        storage=run.recording.storage.asked,
    )  # fmt: skip
