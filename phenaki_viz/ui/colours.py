"""How weights become colours: the controls of every page that has maps, and the link's."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from phenaki_viz.figures.attention_views import Colours
from phenaki_viz.figures.colour import Law

_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
SHOWN: dict[Law, str] = {"linear": "Linear", "sqrt": "√", "log": "Log"}
FIRST: Law = "sqrt"  # most weights of a map are small: linear colours leave them black
ENDS = {"most": "99.5 %", "all": "Largest"}
SCALES = {"head": "Per head", "shared": "Shared by all heads"}


def choose_colours() -> tuple[bool, Colours]:
    """What colours follow, where they end, and whether all heads have the same scale; behind a
    button that says all three.
    """
    before = "log" if st.query_params.get("log") == "true" else FIRST  # links of earlier versions
    with st.popover(_state(before), icon=":material/palette:", width="content"):
        scale = _choose("Colour scale", "scale", SCALES, "head", "Of the heads' maps")
        law = _choose(
            "Colours",
            "law",
            SHOWN,
            before,
            "What colours follow: the weight, its square root, or its logarithm over the last "
            "four decades below the top",
        )
        end = _choose(
            "Up to",
            "end",
            ENDS,
            "most",
            "Where the last colour begins: above 99.5 % of the weights shown, so that one outlier "
            "does not make the rest black, or at the largest",
        )
    return scale == "shared", Colours(law, whole=end == "all")


def _choose(label: str, key: str, shown: Mapping[Any, str], first: Any, about: str) -> Any:
    chosen = st.segmented_control(
        label,
        list(shown),
        format_func=shown.__getitem__,
        default=first,
        key=key,
        required=True,
        help=about,
        **_BOUND,
    )
    return chosen or first


def _state(law: Law) -> str:
    """What is chosen, on the button that hides it: 'Colours: √ to 99.5 %, per head'."""
    said = (_now("law", SHOWN, law), _now("end", ENDS, "most"), _now("scale", SCALES, "head"))
    return "Colours: {} to {}, {}".format(*(words[:1].lower() + words[1:] for words in said))


def _now(key: str, shown: Mapping[Any, str], first: Any) -> str:
    """An option as it is named; on the first run of a link, which no control has read yet, too."""
    linked = next((one for one in shown if shown[one] == st.query_params.get(key)), first)
    return shown.get(st.session_state.get(key), shown[linked])
