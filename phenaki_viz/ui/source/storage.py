"""How maps are held: chosen by their size, or by the user."""

from typing import Any

import streamlit as st

from phenaki_viz.recording import Hold

_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
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
        help="Automatic: stored while they fit into memory, by parts beyond. By parts: queries, "
        "keys and each row's log-sum-exp are kept, and every weight is recomputed exactly where "
        "it is shown. Memory then grows with the tokens, not with their square, and the model "
        "runs without ever making a map",
        **_BOUND,
    )
