"""How maps are stored: chosen by their size, or by the user."""

import streamlit as st

from phenaki_viz.recording import StorageChoice
from phenaki_viz.ui.state.offers import among

STORAGES: dict[StorageChoice, str] = {
    "auto": "Automatic",
    "dense": "Dense",
    "factored": "Factored",
}


def draw_storage() -> StorageChoice:
    """Draw the choice."""
    return st.selectbox(
        "Attention maps",
        list(STORAGES),
        format_func=STORAGES.__getitem__,
        help="Automatic: dense while they are short (below 1,024 × 1,024) and fit into memory, "
        "factored beyond, which is recorded faster. Dense: every weight is kept. Factored: "
        "queries, keys and each row's log-sum-exp are kept, and every weight is recomputed "
        "exactly where it is shown. Memory then grows with the tokens, not with their square, "
        "and the model runs without ever making a map",
        **among("storage", STORAGES.values()),
    )
