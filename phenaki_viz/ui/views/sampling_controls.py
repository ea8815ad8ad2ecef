"""Sampling, how the model is run: steps, guidance, priming; and the video that is made."""

from typing import Any

import streamlit as st

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.runs.live import model_of
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.model_parts import most_frames
from phenaki_viz.runs.sampled import SampledRun, Sampling
from phenaki_viz.ui import session
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work import page_jobs, run_cache
from phenaki_viz.ui.work.requests import SampleRequest
from phenaki_viz.ui.work.run_cache import RunRequest

HELD = "sampling.held"
# With the prompt and settings that the page opens on, a two can be read in every frame; of seed 0
# it is half a one.
SEED = 15


def controls(run: ModelRun) -> Sampling:
    """How a video is to be sampled, as the page says it."""
    model: Any = model_of(run)
    pt = model.cvivit.temporal_patch_size
    most = most_frames(model, 10**6)
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="medium", key=named("sampling.dials")
    ):
        guidance = st.slider(
            "Guidance",
            0.0,
            10.0,
            3.0,
            0.5,
            key=named("guidance"),
            width=160,
            help="1 follows the text as trained; above, what the text adds is exaggerated, and "
            "the model is asked twice a decoding step",
            **BOUND,
        )
        steps = st.slider("Decoding steps", 1, 48, 18, key=named("decoding"), width=160, **BOUND)
        heat = st.slider(
            "Temperature",
            0.0,
            4.0,
            0.9,
            0.1,
            key=named("temperature"),
            width=160,
            help="Chance in the choice of codes; it falls to 0 over the decoding steps",
            **BOUND,
        )
        priming = _priming(run, pt, most)
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, SEED, key=named("sample_seed"), width=120, **BOUND
        )
    return Sampling(
        frames=most - priming if priming else most,
        guidance=float(guidance),
        steps=int(steps),
        temperature=float(heat),
        seed=int(seed),
        priming=priming,
    )


def _priming(run: ModelRun, pt: int, most: int) -> int:
    """Frames of the clip that come before: none, or 1 + k temporal patches."""
    longest = min(most - pt, len(run.clip.frames))
    options = [0, *range(1, longest + 1, pt)] if longest > 0 else [0]
    session.fall_back("priming", options, 0)
    return int(
        st.selectbox(
            "Priming frames",
            options,
            width=120,
            help="The clip's last frames are given, and the video goes on from them",
            **among("priming", map(str, options)),
        )
    )


def sampled_by(run: ModelRun, sampling: Sampling) -> SampledRun | None:
    """The video of these controls: sampled at once, unless the last one was cancelled."""
    model: Any = model_of(run)
    request = SampleRequest(
        model=model, prompt=run.prompt, sampling=sampling, switches=run.options.switches,
        clip=run.clip if sampling.priming else None, storage=run.options.storage,
    )  # fmt: skip
    if session.get(HELD) == request and run_cache.shelf().get(request) is None:
        st.info("Sampling was cancelled.", icon=":material/pause_circle:")
        st.button(
            "Sample", type="primary", key=named("sampling.go"),
            on_click=session.here(session.drop), args=(HELD,),
        )  # fmt: skip
        return None
    wanted = RunRequest(request, lambda: _hold(request), "Sampling: decoding step")
    try:
        made = page_jobs.fetch_run(wanted, run.seconds * 2 * sampling.steps)
    except PhenakiVizError as error:
        st.error("This video cannot be sampled.", icon=":material/block:")
        st.text(str(error))
        return None
    return made if isinstance(made, SampledRun) else None


def _hold(request: SampleRequest) -> None:
    session.put(HELD, request)
