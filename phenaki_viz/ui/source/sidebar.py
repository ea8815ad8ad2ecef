"""Which model is looked at, and its controls."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from phenaki_viz.checkpoints import Opened
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.numerics.footprint import weight_count
from phenaki_viz.ui.source import ablation, checkpoint, dial, dial_history, trained
from phenaki_viz.ui.source.recording_file import given_file
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.work import open_models
from phenaki_viz.ui.work.requests import MAP_LIMIT, DialledRequest, LookRequest
from phenaki_viz.ui.work.run_cache import RunRequest

SOURCES = {"trained": "Trained", "dial": "Dial", "own": "Your own"}


def draw_sidebar(train: StreamlitPage) -> tuple[RunRequest | None, RunRequest | None]:
    """Draw the controls; returns the run of them, and the same with everything switched on.

    train: the page where a dialled model learns.
    The second is None where nothing is switched off; both are when there is no model to run.
    """
    with st.sidebar:
        st.header("Model", anchor=False)
        source = st.segmented_control(
            "Weights",
            list(SOURCES),
            format_func=SOURCES.__getitem__,
            default="own" if given_file() else "trained",
            required=True,
            width="stretch",
            label_visibility="collapsed",
            help="A small Phenaki that has learned; any architecture with random weights; or a "
            "checkpoint of phenaki-pytorch",
            **among("source", SOURCES.values()),
        )
        if source == "dial":
            st.page_link(train, label="Train this one", help="It starts with random weights")
            return _dialled(), None
        found = _shipped() if source == "trained" else checkpoint.draw_own()
        if found is None:
            return None, None
        if isinstance(found, RunRequest):
            return found, None
        return _both(trained.draw_request(found.model))


def _both(request: LookRequest) -> tuple[RunRequest, RunRequest | None]:
    whole = RunRequest(request.whole(), ablation.all_on) if request.options.switches else None
    return RunRequest(request, ablation.all_on), whole


def _dialled() -> RunRequest:
    settings, clip = dial.draw_dials()
    request = DialledRequest(settings=settings, clip=clip, limit_bytes=MAP_LIMIT)
    return RunRequest(request, dial_history.step_back)


def _shipped() -> Opened | None:
    try:
        found = open_models.shipped()
    except PhenakiVizError as error:
        st.error("The trained model cannot be opened.", icon=":material/block:")
        st.text(str(error))
        return None
    size = weight_count(found.model) / 1e6
    st.caption(f"A small Phenaki, trained on moving handwritten digits ({size:.1f} M parameters).")
    return found
