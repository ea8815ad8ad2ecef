"""Sampling: what happens over the decoding steps?"""

import streamlit as st

from phenaki_viz.data import Clip
from phenaki_viz.export.gif import gif_of
from phenaki_viz.export.names import safe_name
from phenaki_viz.figures import naming
from phenaki_viz.figures.sampling_sentences import sampling_heading
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.live import model_of
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.sampled import SampledRun
from phenaki_viz.ui import session
from phenaki_viz.ui.components.said import said
from phenaki_viz.ui.components.sampling_player import SamplingPicture, StepPick, sampling_player
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.health import draw_health
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import clips
from phenaki_viz.ui.source.trained import carry, whole
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.wishes import current_place, wish
from phenaki_viz.ui.views.attention import draw_attention
from phenaki_viz.ui.views.sampling_controls import controls, sampled_by
from phenaki_viz.ui.work import run_parts, shows

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
        sampling = controls(run)
        sampled = sampled_by(run, sampling)
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
    """What was sampled; what a decoding step did is said by the player, which may be at another."""
    of = {"player": shows.a_run(sampled.recording)}
    text = sampling_heading(sampled.prompt.text, sampled.steps)
    panels.heading(text, sampled.recording.provenance, of, key="prompt.heading")


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
        required=True,
        help="Guidance asks the model twice: without the text, all cross-attention goes to the "
        "null key/values",
        **among("branch", [BRANCHES[name] for name in present]),
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
