"""Position: what does position alone contribute?"""

from typing import Any

import streamlit as st

from phenaki_viz.figures.curves import Curves
from phenaki_viz.figures.position_views import (
    SHARED,
    bias_heads,
    bias_picture,
    penalty_picture,
    slopes_picture,
)
from phenaki_viz.recording import AttentionRecord, PositionBias
from phenaki_viz.recording.files import RecordedRun
from phenaki_viz.recording.run import Run
from phenaki_viz.ui import derived, panels, selection
from phenaki_viz.ui.exporting import export_row

_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
TITLE = "What position alone adds to the scores"
FURTHEST = 4  # times the size the model ran on


@st.fragment
def position_page(run: Run) -> None:
    """ALiBi's slopes and penalties; the continuous bias as a surface."""
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with controls:
        biased = _biased(run)
    causal = next((r for r in run.recording if r.alibi), None)
    if biased is None and causal is None:
        panels.nothing(
            TITLE,
            "This model has no position bias: switch on “Continuous position bias” or "
            "“Causal, with ALiBi” in the sidebar.",
        )
        return
    with controls:
        head = _head(run)
    panels.heading(TITLE, run.recording.made_by, {})
    if biased is not None:
        _continuous(run, biased, head)
    if causal is not None:
        _alibi(run, causal, head)


def _biased(run: Run) -> AttentionRecord | None:
    """A record with a continuous position bias: of the module chosen, if there are several."""
    found: dict[str, AttentionRecord] = {}
    for record in run.recording:
        bias = run.recording.bias_surface(record)
        if bias is not None:
            found.setdefault(bias.module, record)
    if len(found) < 2:
        return next(iter(found.values()), None)
    names = sorted(found, key=lambda name: "spatial" in name)
    if st.session_state.get("bias_of", names[0]) not in names:
        st.session_state["bias_of"] = names[0]
    chosen = st.segmented_control(
        "Position bias of",
        names,
        format_func=lambda name: "C-ViViT, within a frame" if "spatial" in name else "MaskGit",
        default=names[0],
        key="bias_of",
        required=True,
        **_BOUND,
    )
    return found[chosen or names[0]]


def _head(run: Run) -> int:
    most = max(len(record.heads) for record in run.recording) - 1
    return selection.number("head", most)


def _continuous(run: Run, record: AttentionRecord, head: int) -> None:
    used = run.recording.bias_surface(record)
    if used is None:
        return
    st.header("Continuous position bias", anchor=False)
    st.caption(f"A small network from the offset between two patches to a bias; {SHARED}.")
    bias, dt = _extent(run, used)
    made_by = run.recording.made_by
    panels.grid(bias_heads(bias, made_by, head, dt), kind="bias")
    picture = bias_picture(bias, made_by, head, dt, used.dimensions)
    left, right = st.columns(2, gap="medium")
    with left:
        panels.plotly(picture, key="bias.surface", height=430)
    with right:
        panels.plotly(picture, key="bias.flat", height=430, flat=True, noted=False)
    export_row(picture.name, lambda: picture, "bias")


def _extent(run: Run, used: PositionBias) -> tuple[PositionBias, int]:
    """The bias at the size asked, at one Δt: sliders go beyond what the model ran on."""
    left, right = st.columns(2, gap="medium")
    with left:
        times = _times(run)
    dt = 0
    if len(used.dimensions) == 3:
        with right:
            dt = _time_offset(used.dimensions[0])
    return derived.extrapolated(run, used, times), dt


def _times(run: Run) -> int:
    if isinstance(run, RecordedRun):
        st.caption(
            "A recording holds the bias at the size the model ran on, not the network it comes "
            "from: for larger sizes open the weights."
        )
        return 1
    return st.slider(
        "Size, in multiples of the grid the model ran on",
        1,
        FURTHEST,
        key="extent",
        help="Beyond 1 the network is asked for offsets it never met: extrapolation",
        **_BOUND,
    )


def _time_offset(steps: int) -> int:
    if steps == 1:
        st.caption("One time step: Δt is 0.")
        return 0
    if abs(st.session_state.get("dt", 0)) >= steps:
        st.session_state["dt"] = 0
    return st.slider("Δt, query − key (time steps)", 1 - steps, steps - 1, 0, key="dt", **_BOUND)


def _alibi(run: Run, record: AttentionRecord, head: int) -> None:
    st.header("ALiBi", anchor=False)
    st.caption(
        "Each head subtracts slope × distance from the score. With a number of heads that is no "
        "power of two the slopes are not in order."
    )
    trained = max(1, record.map.shape[3] - 1)
    distance = st.slider(
        "Distance shown (tokens)", 1, FURTHEST * trained, trained, key="distance", **_BOUND
    )
    slopes = slopes_picture(record, run.recording.made_by, head)
    penalty = penalty_picture(record, run.recording.made_by, head, distance)
    left, right = st.columns(2, gap="medium")
    with left:
        _curves(slopes, "slopes")
    with right:
        _curves(penalty, "penalty")
    if record.alibi and record.alibi.max_abs_error > 1e-5:
        st.warning(
            f"What this module added differs from −slope × distance by up to "
            f"{record.alibi.max_abs_error:.3g}.",
            icon=":material/error:",
        )


def _curves(picture: Curves, key: str) -> None:
    panels.plotly(picture, key=key, height=340)
    export_row(picture.name, lambda: picture, key)
