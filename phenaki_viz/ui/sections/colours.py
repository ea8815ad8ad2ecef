"""How weights become colours: the controls of every page that has maps, and the link's."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from phenaki_viz.figures.colour import Law, Palette
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.ui import session
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state.fields import LARGEST
from phenaki_viz.ui.state.link import in_link, numbers_in_url, say_in_url
from phenaki_viz.ui.state.offers import among

SHOWN: dict[Law, str] = {"linear": "Linear", "sqrt": "√", "log": "Log", "uniform": "× uniform"}
FIRST: Law = "sqrt"  # most weights of a map are small: linear colours leave them black
ENDS = {"most": "99.5 %", "all": "Largest"}
FOLLOWED = (
    "What colours follow: the weight, its square root, its logarithm over the last four decades "
    "below the top, or the logarithm of how many times it is what a query that does not choose "
    "would give"
)
PALETTES: dict[Palette, str] = {"magma": "Dark", "magma_r": "Light"}
SCALES = {"head": "Per head", "shared": "Shared by all heads"}


def choose_colours() -> tuple[bool, Colours]:
    """What colours follow, where they end, and whether all heads have the same scale; the last two
    behind a button that says both.
    """
    before = "log" if in_link("log") == "true" else FIRST  # links of earlier versions
    law: Law = _choose(
        "Colours follow", "law", SHOWN, before, FOLLOWED, label_visibility="collapsed"
    )
    with st.popover(_state(law), icon=":material/palette:", width="content"):
        scale = _choose("Colour scale", "scale", SCALES, "head", "Of the heads' maps")
        end = _choose(
            "Up to",
            "end",
            ENDS,
            "most",
            "Where the last colour begins: above 99.5 % of the weights shown, so that one outlier "
            "does not make the rest black, or at the largest",
        )
        palette = _choose(
            "Palette", "palette", PALETTES, "magma", "Light: zero is light, as on paper"
        )
        if ends_now(law) is not None:
            st.button(
                "Take back the ends set by hand", key=named("ends.back"),
                on_click=session.here(keep_ends), args=(law, None),
            )  # fmt: skip
    return scale == "shared", Colours(law, end == "all", palette, ends_now(law))


def ends_now(law: Law) -> tuple[float, float] | None:
    """The ends that were set by hand for what this law measures: weights, or multiples."""
    name = _ends_name(law)
    linked = numbers_in_url(name, 2)
    first = linked if linked and linked[0] < linked[1] else None
    ends: tuple[float, float] | None = session.first(f"colours.{name}", first)
    say_in_url(name, "-".join(map(_decimal, ends)) if ends else "")
    return ends


def keep_ends(law: Law, ends: tuple[float, float] | None) -> None:
    """What was set on the map's legend, for the next run; None for those of what is shown."""
    good = ends is not None and 0 <= ends[0] < ends[1] < LARGEST
    session.put(f"colours.{_ends_name(law)}", ends if good else None)


def _ends_name(law: Law) -> str:
    return "times" if law == "uniform" else "ends"


def _decimal(number: float) -> str:
    """As a link holds it: no exponent, no more digits than tell."""
    return f"{number:.9f}".rstrip("0").rstrip(".")


def _choose(
    label: str, key: str, shown: Mapping[Any, str], first: Any, about: str, **look: Any
) -> Any:
    chosen = st.segmented_control(
        label,
        list(shown),
        format_func=shown.__getitem__,
        default=first,
        required=True,
        help=about,
        **look,
        **among(key, shown.values()),
    )
    return chosen or first


def _state(law: Law) -> str:
    """What is chosen, on the button that hides it: 'Per head, to 99.5 %'."""
    scale, end = _now("scale", SCALES, "head"), _now("end", ENDS, "most")
    if ends_now(law) is not None:
        return "Set by hand"
    return f"{scale.partition(' by')[0]}, to {end[:1].lower()}{end[1:]}"


def _now(key: str, shown: Mapping[Any, str], first: Any) -> str:
    """An option as it is named; on the first run of a link, which no control has read yet, too."""
    linked = next((one for one in shown if shown[one] == in_link(key)), first)
    return shown.get(session.get(key), shown[linked])
