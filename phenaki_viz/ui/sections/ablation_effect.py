"""What switching off did to the output: one line above the page."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.intervention_words import all_names
from phenaki_viz.nouns import counted
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.source import ablation
from phenaki_viz.ui.work import run_cache
from phenaki_viz.ui.work.run_cache import RunRequest


def draw(run: Run, whole: RunRequest, work: DeltaGenerator) -> None:
    """Loss and reconstruction with what is off, beside the whole model.

    work: where the bar belongs while the whole model runs.
    """
    if not isinstance(run, ModelRun):
        return
    try:
        with work:
            before = run_cache.get_run(whole)
    except PhenakiVizError:
        return
    if not isinstance(before, ModelRun):
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"**{inert(_said(run.options.switches))}**", width="content")
        _figure("Loss of masked tokens (nats)", run.outcome.masked_loss, before.outcome.masked_loss)
        _figure("Reconstruction error", run.outcome.error, before.outcome.error)
        st.button("Switch all on", on_click=ablation.all_on, icon=":material/undo:")


def _said(switches: Switches) -> str:
    """What is off and what is cut, in words."""
    if switches.also:
        return all_names(switches.interventions)
    count = len(switches.off)
    off = [f"{counted(count, 'head')} off"] if count else []
    cut = [
        f"{ablation.transformer_name(name)} cut to {counted(kept, 'layer')}"
        for name, kept in sorted(switches.depth)
    ]
    return ", ".join(off + cut)


def _figure(name: str, now: float | None, before: float | None) -> None:
    if now is None or before is None:
        return
    same = f"{now:.3f}" == f"{before:.3f}"
    st.metric(
        name,
        f"{now:.3f}",
        "as before" if same else f"{now - before:+.3f} against {before:.3f}",
        delta_color="off" if same else "inverse",
        delta_arrow="off" if same else "auto",
        width="content",
        help="Mean −log p of the true token" if "nats" in name
        else "Mean squared error over the clip's variance; 0 is exact",
    )  # fmt: skip
