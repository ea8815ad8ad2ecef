"""How weights become colours: the controls of every page that has maps, and the link's."""

from typing import Any

import streamlit as st

from phenaki_viz.figures.attention_views import Colours
from phenaki_viz.figures.colour import Law

_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
SHOWN: dict[Law, str] = {"linear": "Linear", "sqrt": "√", "log": "Log"}
FIRST: Law = "sqrt"  # most weights of a map are small: linear colours leave them black
ENDS = {"most": "99.5 %", "all": "Largest"}


def choose_colours() -> Colours:
    """Draw the law of the colours and where they end."""
    before = "log" if st.query_params.get("log") == "true" else FIRST  # links of earlier versions
    law = st.segmented_control(
        "Colours",
        list(SHOWN),
        format_func=SHOWN.__getitem__,
        default=before,
        key="law",
        required=True,
        help="What colours follow: the weight, its square root, or its logarithm over the last "
        "four decades below the top",
        **_BOUND,
    )
    end = st.segmented_control(
        "Up to",
        list(ENDS),
        format_func=ENDS.__getitem__,
        default="most",
        key="end",
        required=True,
        help="Where the last colour begins: above 99.5 % of the weights shown, so that one outlier "
        "does not make the rest black, or at the largest",
        **_BOUND,
    )
    return Colours(law or FIRST, whole=end == "all")
