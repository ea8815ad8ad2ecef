"""The clip that the model makes of the text, with the changes and without, from one seed."""

from typing import Any

import streamlit as st

from phenaki_viz.errors import ConfigError, PhenakiVizError
from phenaki_viz.export.gif import gif_of
from phenaki_viz.figures.beside_views import generated_sentence
from phenaki_viz.models import Phenaki
from phenaki_viz.runs.model import NONE_OFF, ModelRun
from phenaki_viz.runs.model_parts import most_frames
from phenaki_viz.runs.sampled import SampledRun, Sampling
from phenaki_viz.ui import session
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work import page_jobs
from phenaki_viz.ui.work.requests import SampleRequest
from phenaki_viz.ui.work.run_cache import RunRequest

REQUESTED = "whatif.clip"
SEED = 15  # the one that the page Sampling opens with
STEPS = 18


def draw(run: ModelRun, model: Phenaki) -> None:
    """Two clips side by side, once their button is pressed."""
    st.header("What it generates", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, SEED, key=named("whatif_seed"), width=120, **BOUND
        )
        st.button(
            "Generate both", icon=":material/movie:", key=named("whatif.generate"),
            on_click=session.here(session.put), args=(REQUESTED, _request(run, model, int(seed))),
        )  # fmt: skip
    request = _request(run, model, int(seed))
    if session.get(REQUESTED) != request:
        st.caption("The clip of the prompt, as the model makes it now and as it made it before.")
        return
    try:
        before, now = _sampled(run, request, NONE_OFF), _sampled(run, request, run.options.switches)
    except PhenakiVizError as error:
        st.error("This clip cannot be generated.", icon=":material/block:")
        st.text(str(error))
        return
    _beside(before, now)


def _beside(before: SampledRun, now: SampledRun) -> None:
    for column, title, one in zip(
        st.columns([3, 3, 4], gap="medium")[:2], ("As it is", "Changed"), (before, now), strict=True
    ):
        with column:
            st.markdown(f"**{title}**")
            st.image(gif_of(one.clip.frames), width="stretch")
    st.text(generated_sentence(before, now))


def _request(run: ModelRun, model: Phenaki, seed: int) -> SampleRequest:
    sampling = Sampling(frames=most_frames(model, 10**6), steps=STEPS, seed=seed)
    return SampleRequest(
        model=model, prompt=run.prompt, sampling=sampling, switches=run.options.switches,
        storage=run.options.storage,
    )  # fmt: skip


def _sampled(run: ModelRun, request: SampleRequest, switches: Any) -> SampledRun:
    """One of the two: kept, or made by the page, with a bar and Cancel."""
    one = SampleRequest(
        model=request.model, prompt=request.prompt, sampling=request.sampling, switches=switches,
        storage=request.storage,
    )  # fmt: skip
    seconds = run.seconds * 2 * STEPS
    made = page_jobs.fetch_run(RunRequest(one, _take_back, "Generating: decoding step"), seconds)
    if not isinstance(made, SampledRun):
        raise ConfigError("this model generates no clip")
    return made


def _take_back() -> None:
    session.drop(REQUESTED)
