"""Which model is looked at, and its controls."""

from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from phenaki_viz.checkpoints import Opened
from phenaki_viz.data import read_prompt
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.recording.dialled import run_dialled
from phenaki_viz.ui import ask, dials, history, models, own
from phenaki_viz.ui.ask import Asked
from phenaki_viz.ui.recorded import given_file
from phenaki_viz.ui.runs import MAP_LIMIT, Wanted

_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
SOURCES = {"trained": "Trained", "dial": "Dial", "own": "Your own"}


def draw_sidebar(train: StreamlitPage) -> tuple[Wanted | None, Wanted | None]:
    """Draw the controls; returns the run they ask for, and the same with everything switched on.

    train: the page where a dialled model learns.
    The second is None where nothing is switched off; both are when there is no model to ask.
    """
    with st.sidebar:
        st.markdown("##### Model")
        source = st.segmented_control(
            "Weights",
            list(SOURCES),
            format_func=SOURCES.__getitem__,
            default="own" if given_file() else "trained",
            key="source",
            required=True,
            width="stretch",
            label_visibility="collapsed",
            help="A small Phenaki that has learned; any architecture with random weights; or a "
            "checkpoint of phenaki-pytorch",
            **_BOUND,
        )
        if source == "dial":
            st.page_link(train, label="Train this one", help="It starts with random weights")
            return _dialled(), None
        found = _shipped() if source == "trained" else own.draw_own()
        if found is None:
            return None, None
        if isinstance(found, Wanted):
            return found, None
        asked = ask.draw_ask(found.model, found.digest)
        return _both(asked, found)


def _both(asked: Asked, found: Opened) -> tuple[Wanted, Wanted | None]:
    wanted = asked.wanted(found.model)
    return wanted, asked.whole().wanted(found.model) if asked.ask.switches else None


def _dialled() -> Wanted:
    settings, clip = dials.draw_dials()

    def make(tell: Any) -> Any:
        return run_dialled(
            settings.config,
            clip,
            read_prompt(settings.prompt if settings.cross else ""),
            settings.padding,
            hold=settings.hold,
            limit_bytes=MAP_LIMIT,
            on_progress=tell,
        )

    return Wanted((settings, clip.digest), make, history.step_back)


def _shipped() -> Opened | None:
    try:
        found = models.shipped()
    except PhenakiVizError as error:
        st.error("The trained model cannot be opened.", icon=":material/block:")
        st.text(str(error))
        return None
    size = sum(weight.numel() for weight in found.model.parameters()) / 1e6
    st.caption(f"A small Phenaki, trained on moving handwritten digits ({size:.1f} M parameters).")
    return found
