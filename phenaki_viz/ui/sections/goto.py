"""Layer, head and patch by numbers: a popover that the names in the heading open."""

from collections.abc import Sequence

import streamlit as st

from phenaki_viz.recording import AttentionRecord, Recording
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.selection import Selection, choose_selection

KEY = "goto"  # panels/said.js opens it by this


def choose(recording: Recording, records: Sequence[AttentionRecord]) -> Selection:
    """The selection, its number fields out of sight until they are opened."""
    with st.container(key=named(KEY)), st.popover("Go to"):
        return choose_selection(recording, records)
