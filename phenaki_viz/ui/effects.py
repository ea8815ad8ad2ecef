"""What switching off did to the output: one line above the page."""

import streamlit as st

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.recording.looking import Look
from phenaki_viz.recording.run import Run
from phenaki_viz.ui import runs, switchboard
from phenaki_viz.ui.runs import Wanted


def draw(run: Run, whole: Wanted) -> None:
    """Loss and reconstruction with what is off, beside the whole model."""
    if not isinstance(run, Look):
        return
    try:
        before = runs.get_run(whole)
    except PhenakiVizError:
        return
    if not isinstance(before, Look):
        return
    switches = run.ask.switches
    off = f"{len(switches.off)} heads off" if switches.off else ""
    cut = ", ".join(f"{name.rsplit('.', 1)[-1]} cut to {kept}" for name, kept in switches.depth)
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        said = ", ".join(part for part in (off, cut.replace("_", " ")) if part)
        st.markdown(f"**{said}**", width="content")
        _figure("Loss of masked tokens (nats)", run.outcome.masked_loss, before.outcome.masked_loss)
        _figure("Reconstruction error", run.outcome.error, before.outcome.error)
        st.button("Switch all on", on_click=switchboard.all_on, icon=":material/undo:")


def _figure(name: str, now: float | None, before: float | None) -> None:
    if now is None or before is None:
        return
    st.metric(
        name,
        f"{now:.3f}",
        f"{now - before:+.3f} against {before:.3f}",
        delta_color="inverse",
        width="content",
        help="Mean −log p of the true token" if "nats" in name
        else "Mean squared error over the clip's variance; 0 is exact",
    )  # fmt: skip
