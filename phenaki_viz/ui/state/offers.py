"""What a link asks for that the page does not have: said there, never passed over without a word.

The table of fields says what a parameter may ever be. Which layers, heads, maps and frames there
are depends on the model and the clip at hand, so each box says what it offers. Where a link asks
for something else, Streamlit begins as without it, or with the nearest number.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from phenaki_viz.figures.words import plain
from phenaki_viz.ui import session
from phenaki_viz.ui.state.view import BOUND

MOST_NAMED = 5
MOST_OFFERED = 9
LONGEST, LONGEST_VALUE = 120, 30
_ABSENT = "link.absent"  # of this run: what a link asks for, and what is here; by its name


def among(name: str, titles: Iterable[str]) -> dict[str, Any]:
    """Key and `BOUND` of a box of choices; remembers what its link asks for that it has not.

    Call it before anything is put under the key. titles: the options as they read, as links say.
    """
    titles = [*titles]
    asked = _asked(name)
    if any(text not in titles for text in asked):
        more = ", …" if len(titles) > MOST_OFFERED else ""
        _remember(name, asked, ", ".join(titles[:MOST_OFFERED]) + more)
    return {"key": session.named(name), **BOUND}


def within(name: str, low: float, high: float) -> dict[str, Any]:
    """Key and `BOUND` of a number, of a box or slider; remembers one of its link that is beyond.

    Call it before anything is put under the key.
    """
    expect_within(name, low, high, _asked(name))
    return {"key": session.named(name), **BOUND}


def expect_within(name: str, low: float, high: float, asked: Sequence[str]) -> None:
    """Remember numbers that a link asks for and are beyond; others of its texts are not of here."""
    if not all(low <= number <= high for number in _numbers(asked)):
        _remember(name, asked, f"{low:g} to {high:g}" if low < high else f"{low:g}")


def say_what_is_not_here() -> None:
    """What this run's link asked for and is not here, and what is."""
    absent: dict[str, str] = session.page.take(_ABSENT, {})
    if not absent:
        return
    st.warning("A choice of this link is not here; another is shown.", icon=":material/link_off:")
    more = ["…"] if len(absent) > MOST_NAMED else []
    st.text("\n".join([*absent.values()][:MOST_NAMED] + more))


def _asked(name: str) -> Sequence[str]:
    """What the link says of a box that this session has not drawn yet."""
    return () if session.has(name) else st.query_params.get_all(session.named(name))


def _numbers(texts: Iterable[str]) -> Iterable[float]:
    for text in texts:
        try:
            yield float(text)
        except ValueError:
            continue  # an older link's word


def _remember(name: str, asked: Sequence[str], here: str) -> None:
    name, value = session.named(name), plain(", ".join(asked), LONGEST_VALUE)
    said = f"{name}: {value} (here: {plain(here, LONGEST) or 'none'})"
    session.page.first(_ABSENT, {})[name] = said
