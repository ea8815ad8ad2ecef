"""What is wrong with the numbers of a recording, said above every page that draws them."""

import streamlit as st

from phenaki_viz.recording import Recording, describe_failures, describe_non_finite
from phenaki_viz.ui.markup import inert


def draw_health(recording: Recording) -> None:
    """Failed checks, where NaN or infinity began, what is missing; nothing when all is well."""
    for sentence in (describe_failures(recording.records), describe_non_finite(recording)):
        if sentence:
            st.warning(inert(f"{sentence}."), icon=":material/error:")
    if recording.missed:
        st.info(inert(" ".join(recording.missed)), icon=":material/info:")
