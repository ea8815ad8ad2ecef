"""Sampling: what happens over the decoding steps?"""

from typing import Any

import streamlit as st

from phenaki_viz.data import Clip
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.export.gif import gif_of
from phenaki_viz.export.names import safe_name
from phenaki_viz.figures import naming
from phenaki_viz.figures.sampling_sentences import sampling_heading, step_sentence
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.live import model_of
from phenaki_viz.runs.model import ModelRun, most_frames
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.sampled import SampledRun, Sampling
from phenaki_viz.ui import session
from phenaki_viz.ui.components.said import said
from phenaki_viz.ui.components.sampling_player import SamplingPicture, StepPick, sampling_player
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.health import draw_health
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import clips
from phenaki_viz.ui.source.trained import carry, whole
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.state.wishes import current_place, wish
from phenaki_viz.ui.views.attention import draw_attention
from phenaki_viz.ui.work import page_jobs, run_cache, run_parts, shows
from phenaki_viz.ui.work.requests import SampleRequest
from phenaki_viz.ui.work.run_cache import RunRequest

HELD = "sampling.held"
# With the prompt and settings that the page opens on, a two can be read in every frame; of seed 0
# it is half a one.
SEED = 15
BRANCHES = {branch: said.capitalize() for branch, said in naming.BRANCHES.items()}


@fragment
def sampling_page(run: Run) -> None:
    """Controls, the video as it came about, and the attention of the chosen step."""
    if isinstance(run, RecordedRun):
        _recorded(run)
        return
    if not isinstance(run, ModelRun) or not whole(model_of(run)):
        panels.nothing(
            "Sampling",
            "Sampling needs a whole Phenaki: C-ViViT, MaskGit and its text encoder. Choose the "
            "trained model in the sidebar, or open a checkpoint that holds all of them.",
        )
        return
    words = panels.place_for_words()
    top = st.container()  # in which the dials go below the frames where the window is narrow
    with top:
        sampling = _controls(run)
        sampled = _sampled(run, sampling)
    if sampled is None:
        return
    with words:
        _say(sampled)
    with top:
        _player(sampled)
        _take_away(sampled)
    _attention(sampled)


def _recorded(run: RecordedRun) -> None:
    """The video that a file holds; there is no model in it to sample another."""
    if run.sampled is None:
        panels.nothing(
            "Sampling",
            "This recording is of one look at a clip, and holds no model that could sample. Choose "
            "the trained model in the sidebar, or open a checkpoint.",
        )
        return
    how = run.sampled.sampling
    with panels.place_for_words():
        _say(run.sampled)
    st.caption(
        f"Recorded with guidance {how.guidance:g}, {how.steps} decoding steps, temperature "
        f"{how.temperature:g}, {how.priming} priming frames, seed {how.seed}."
    )
    _player(run.sampled)
    _take_away(run.sampled, look_elsewhere=False)
    _attention(run.sampled)


def _controls(run: ModelRun) -> Sampling:
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
            key=named("priming"),
            width=120,
            help="The clip's last frames are given, and the video goes on from them",
            **BOUND,
        )
    )


def _sampled(run: ModelRun, sampling: Sampling) -> SampledRun | None:
    """The video of these controls: sampled at once, unless the last one was cancelled."""
    model: Any = model_of(run)
    request = SampleRequest(
        model=model, prompt=run.prompt, sampling=sampling, switches=run.ask.switches,
        clip=run.clip if sampling.priming else None, storage=run.ask.storage,
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


def _player(sampled: SampledRun) -> None:
    picture = SamplingPicture.of(sampled)
    _, *grid = picture.masked.shape
    at, place = _step(sampled), current_place(tuple(grid))
    of = shows.a_run(sampled.recording)
    with st.container():  # a place of its own, whether there is something to say or not
        draw_health(sampled.recording)
    sampling_player(picture, selected=(at, *place), key="player", shows=of, on_pick=_picked)
    st.caption(
        f"{len(sampled.steps)} decoding steps in {sampled.seconds:.1f} s, with the attention of "
        "each recorded. The frames are what the tokens of a decoding step decode to."
    )


def _say(sampled: SampledRun) -> None:
    """What was sampled, and what the chosen decoding step did, each clause with its figure."""
    at, of = _step(sampled), {"player": shows.a_run(sampled.recording)}
    text = sampling_heading(sampled.prompt.text, sampled.steps)
    panels.heading(text, sampled.recording.provenance, of, key="prompt.heading")
    said = step_sentence(sampled.steps[at], at + 1, len(sampled.steps))
    panels.say(said, of, key="sentence.step")


def _picked(pick: StepPick) -> None:
    session.put("decoding_step", pick["step"])
    wish(place=(pick["t"], pick["h"], pick["w"]))


def _step(sampled: SampledRun) -> int:
    last = len(sampled.steps) - 1
    return min(max(0, int(session.get("decoding_step", last))), last)


def _take_away(sampled: SampledRun, look_elsewhere: bool = True) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Video as GIF",
            data=lambda: gif_of(sampled.clip.frames),
            file_name=f"{safe_name(sampled.prompt.text)}.gif",
            icon=":material/download:",
            on_click="ignore",
            key=named("sampled.gif"),
        )
        if not look_elsewhere:  # no model is there to look at it with
            return
        carried = st.button(
            "Look at this clip on the other pages",
            icon=":material/arrow_forward:",
            on_click=carry,
            args=(sampled.clip, sampled.prompt.text),
            key=named("sampled.carry"),
        )
        if carried:  # the whole page: the sidebar shows another clip now
            st.rerun()
        if session.page.get("film") == clips.CARRIED:
            st.caption("The other pages now show the sampled clip.")


def _attention(sampled: SampledRun) -> None:
    """The attention page, of one step and one pass."""
    title = st.container()
    present = [name for name in BRANCHES if any(r.branch == name for r in sampled.recording)]
    session.fall_back("branch", present, present[0])
    branch = st.segmented_control(
        "Pass",
        present,
        format_func=BRANCHES.__getitem__,
        default=present[0],
        key=named("branch"),
        required=True,
        help="Guidance asks the model twice: without the text, all cross-attention goes to the "
        "null key/values",
        **BOUND,
    )
    run = _view(sampled, _step(sampled), branch)
    with title:
        said(
            f"Attention at decoding step {_step(sampled) + 1}",
            key="step.heading",
            tag="h2",
            of=dict.fromkeys(("map", "strip", "grid.heads"), shows.a_run(run.recording)),
        )
    if run.recording.records or not str(branch).startswith("critic"):
        shown = sampled.steps[_step(sampled)].masked
        draw_attention(run, "h3", None if str(branch).startswith("critic") else shown)
    else:
        st.info(
            "The critic is not asked at the last decoding step: nothing is masked again after it. "
            "Choose an earlier one.",
            icon=":material/info:",
        )


def _view(sampled: SampledRun, step: int, branch: str | None) -> Run:

    def made() -> Run:
        return Run(
            clip=Clip(sampled.previews[step], f"decoding step {step + 1}"),
            prompt=sampled.prompt,
            recording=sampled.recording.where(branch=branch, step=step),
            temporal_patch=sampled.temporal_patch,
            seconds=sampled.seconds,
        )

    return run_parts.part(sampled, (step, branch), made)
