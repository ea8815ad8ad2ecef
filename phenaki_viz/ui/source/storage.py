"""How maps are held: chosen by their size, or by the user."""

import streamlit as st

from phenaki_viz.recording import Hold
from phenaki_viz.ui.state.view import BOUND

HOLDS: dict[Hold, str] = {
    "auto": "Automatic",
    "stored": "Stored",
    "parts": "By parts",
}


def draw_hold() -> Hold:
    """Draw the choice."""
    return st.selectbox(
        "Attention maps",
        list(HOLDS),
        format_func=HOLDS.__getitem__,
        key="hold",
        help="Automatic: stored while they are short (below 1,024 × 1,024) and fit into memory, by "
        "parts beyond, which is recorded faster. By parts: queries, keys and each row's "
        "log-sum-exp are kept, and every weight is recomputed exactly where it is shown. Memory "
        "then grows with the tokens, not with their square, and the model runs without ever "
        "making a map",
        **BOUND,
    )
