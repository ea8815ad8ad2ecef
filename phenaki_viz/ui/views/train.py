"""Train: the model of the sliders learns from moving digits, and its attention comes about."""

from functools import partial
from typing import Any

import streamlit as st

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.training_sentences import loss_sentence
from phenaki_viz.figures.training_views import loss_curve
from phenaki_viz.nouns import counted
from phenaki_viz.runs.dialled import DialledRun
from phenaki_viz.runs.training_cost import (
    disk_bytes,
    refuse_training,
    step_bytes,
    weight_count_of,
)
from phenaki_viz.runs.training_job import Training, TrainSettings
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.views.train_timeline import timeline
from phenaki_viz.ui.work.trainings import Trainings, put_back, trainings, use, used

STEPS = (10, 20_000)
BATCH = (1, 64)
RATES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2)
POLL = 1.0  # seconds
FORWARDS = 3  # that a step takes for each clip: gradients cost about twice their forward
STATES = {
    "paused": "Paused",
    "starting": "Starting",
    "training": "Training",
    "finished": "Finished",
    "failed": "Stopped by an error",
}
_ERROR, _SEEN = "train.error", "train.seen"


def train_page(run: DialledRun) -> None:
    """Controls, the loss as it falls, and attention at the kept steps.

    run: of the dialled model as it is now. Not a fragment: what changes by itself is one.
    """
    shelf = trainings()
    st.title("Train this model and watch its attention come about", anchor=False)
    st.caption(
        "The sidebar's model learns from clips of moving handwritten digits: some patches are "
        "hidden, and it fills them in from those that are left. Nothing leaves this machine."
    )
    left, right = st.columns([5, 7], gap="medium")
    with left:
        settings = _controls(run, shelf)
        job = shelf.find(settings)
        _busy(shelf, job)
        if _allowed(settings):
            _price(run, settings, job)
            _buttons(shelf, settings, job)
            _places(run)
    if job is None:
        return
    session.put(_SEEN, _seen(job))
    with right:
        st.fragment(session.here(_live), run_every=POLL if job.active else None)(job)
    st.divider()
    timeline(job, partial(_use, job))


def _controls(run: DialledRun, shelf: Trainings) -> TrainSettings:
    """Steps, batch and rate; they stand still while this model is training."""
    busy = shelf.active()
    held = busy is not None and busy.settings.config == run.config
    if busy is not None and held:
        session.put("train_steps", busy.settings.steps)
        session.put("train_batch", busy.settings.batch)
        session.put("train_rate", busy.settings.learning_rate)
    default = TrainSettings(config=run.config)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        steps = st.number_input(
            "Training steps", *STEPS, default.steps, 100, key=named("train_steps"), disabled=held,
            width=140, **BOUND,
        )  # fmt: skip
        batch = st.number_input(
            "Clips in each", *BATCH, default.batch, key=named("train_batch"), disabled=held,
            width=140, **BOUND,
        )  # fmt: skip
        rate = st.selectbox(
            "Learning rate",
            RATES,
            index=RATES.index(default.learning_rate),
            format_func=lambda value: f"{value:g}",
            disabled=held,
            width=140,
            help="At its highest: it rises over the first training steps and falls along a cosine",
            **among("train_rate", [f"{value:g}" for value in RATES]),
        )
    return TrainSettings(config=run.config, steps=steps, batch=batch, learning_rate=rate)


def _busy(shelf: Trainings, job: Training | None) -> None:
    other = shelf.active()
    if other is None or other is job:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"Another training is at work: {other.settings.words}. One runs at a time.",
            icon=":material/hourglass_top:",
        )
        st.button("Pause the other", on_click=other.pause, key=named("train.pause.other"))


def _allowed(settings: TrainSettings) -> bool:
    try:
        refuse_training(settings)
    except PhenakiVizError as error:
        st.error("This model cannot be trained here.", icon=":material/block:")
        st.text(str(error))
        return False
    return True


def _price(run: DialledRun, settings: TrainSettings, job: Training | None) -> None:
    """What it will take, before it is begun; measured once it runs."""
    memory = step_bytes(settings) / 2**20
    text = (
        f"{weight_count_of(settings.config):,} weights; a training step takes about "
        f"{memory:,.0f} MiB of memory, the training {disk_bytes(settings) / 2**20:,.0f} MiB on disk"
    )
    if job is None or job.pace is None:
        a_step = FORWARDS * settings.batch * run.seconds
        text += (
            f". Judged by one forward on this machine it takes {duration(a_step * settings.steps)} "
            "at most; the first training steps will tell better"
        )
    st.caption(f"{text}.")
    if memory > 1024:
        st.warning(f"Large: about {memory / 1024:.1f} GiB of memory.", icon=":material/memory:")


def _places(run: DialledRun) -> None:
    config = run.config
    if not (config.peg or config.position_bias or config.causal):
        st.info(
            "Without PEG, position bias and ALiBi no patch knows where it is: all hidden patches "
            "look alike to the model, and there is little it can learn.",
            icon=":material/info:",
        )


def _buttons(shelf: Trainings, settings: TrainSettings, job: Training | None) -> None:
    start: Any = {"on_click": session.here(_start), "args": (shelf, settings)}
    other = shelf.active()
    blocked = other is not None and other is not job
    with st.container(horizontal=True, vertical_alignment="center"):
        if job is not None and job.active:
            st.button(
                "Pause", icon=":material/pause:", on_click=job.pause, key=named("train.pause"),
                disabled=job.pausing, type="primary",
            )  # fmt: skip
        elif job is None or job.done < settings.steps or not job.kept:
            begun = job is not None and job.done
            label = "Show again" if job and job.done >= settings.steps else "Resume"
            st.button(
                label if begun else "Start", icon=":material/play_arrow:", key=named("train.start"),
                disabled=blocked, type="primary", **start,
            )  # fmt: skip
        if job is not None and not job.active:
            _over(shelf, job)
    failed = session.take(_ERROR, "") or (job.error if job else "")
    if failed:
        st.error("The training stopped.", icon=":material/error:")
        st.text(failed)


def _over(shelf: Trainings, job: Training) -> None:
    """To begin anew; one click beside Resume must not cost what was trained."""
    with st.popover("Start over", icon=":material/restart_alt:"):
        st.caption("Weights and pictures of this training are deleted, on disk as well.")
        st.button(
            f"Delete {counted(job.done, 'training step')}", icon=":material/delete:",
            key=named("train.over"), on_click=session.here(_start_over), args=(shelf, job.settings),
        )  # fmt: skip


def _start(shelf: Trainings, settings: TrainSettings) -> None:
    try:
        shelf.start(settings)
    except PhenakiVizError as error:
        session.put(_ERROR, str(error))


def _start_over(shelf: Trainings, settings: TrainSettings) -> None:
    try:
        shelf.start_over(settings)
    except PhenakiVizError as error:
        session.put(_ERROR, str(error))


def _seen(job: Training) -> tuple[bool, int]:
    return job.active, len(job.kept)


def _live(job: Training) -> None:
    """What changes from second to second; the whole page follows when a step was kept."""
    done, of = job.done, job.settings.steps
    state = "Pausing after this training step" if job.pausing else STATES[job.state]
    st.progress(min(done / of, 1.0), text=f"{state}: training step {done:,} of {of:,}{_left(job)}")
    losses = list(job.losses)
    if losses:
        provenance = {"training": job.settings.words, "steps": done}
        picture = loss_curve(losses, provenance)
        st.caption(loss_sentence(losses, done))
        panels.plotly(picture, key="train.loss", height=230)
        export_icon("the loss", picture.name, lambda: picture, "train.loss")
    if _seen(job) != session.get(_SEEN):
        st.rerun()


def _left(job: Training) -> str:
    if not job.active or job.pace is None or job.progress is None:
        return ""
    return f" · {job.pace:.2g} training steps/s · about {duration(job.progress.seconds_left)} left"


def duration(seconds: float) -> str:
    """Seconds in words: '40 s', '3 min', '2.5 h'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _use(job: Training, step: int) -> None:
    """Save the weights of a kept step, or show them in the other pages."""
    file = job.weights(step)
    if not file.is_file():
        st.caption("The weights of this training step are not on disk any more, its maps are here.")
        return
    config = job.settings.config
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Use these weights ({counted(step, 'training step')}) in the other pages",
            icon=":material/visibility:",
            key=named("train.use"),
            help="They take the place of the random ones for as long as the sliders stay as they "
            "are now",
        ):
            use(job, step)
            st.rerun()
        st.download_button(
            "Save them as safetensors",
            data=file.read_bytes,
            file_name=f"phenaki_dialled_{job.settings.digest}_step_{step}.safetensors",
            icon=":material/download:",
            on_click="ignore",
            key=named("train.save"),
        )
        shown = used(config)
        if shown and st.button("Back to random weights", key=named("train.back")):
            put_back(config)
            st.rerun()
    if shown:
        st.caption(f"The other pages show this model after {counted(shown.step, 'training step')}.")
