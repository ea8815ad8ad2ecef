"""What the user last chose to look at, by numbers: layer, head, and the patch by its place.

A wish outlives the model that it was made of: what can be shown of it is the `Selection`.
"""

import streamlit as st

from phenaki_viz.recording import Place
from phenaki_viz.ui import session
from phenaki_viz.ui.state.link import in_link, whole_number
from phenaki_viz.ui.state.offers import within

PLACE = ("step", "row", "column")
# Of the number boxes with their labels beside them, in pixels.
WIDTHS = {"layer": 120, "head": 118, "step": 118, "row": 118, "column": 134}
LABELS = {"step": "Time"}  # links keep the name they had
# On the sample clip this patch lies on the upper digit, in the middle of the film.
NUMBERS = {"layer": 0, "head": 0, "step": 2, "row": 1, "column": 2}
# Of the trained model: the head that reads the digit's word, and a patch on the digit.
STARTS = {"trained": NUMBERS | {"layer": 1, "head": 3, "row": 2, "column": 2}}
ANY = 10**6  # more than any of them


def wish(*, place: Place | None = None, **numbers: int) -> None:
    """Look at a layer, a head, a patch by its place; call it from a callback."""
    wishes = session.first("wishes", {})
    for name, value in (numbers | (dict(zip(PLACE, place, strict=True)) if place else {})).items():
        wishes[name] = int(value)
        session.put(name, int(value))


def untouched(*names: str) -> bool:
    """Whether these parts of the selection are still what is looked at first."""
    return all(current(name, ANY) == _start(name) for name in names)


def current(name: str, most: int = ANY) -> int:
    """A part of the selection as it stands, held between 0 and `most`, without drawing it."""
    wanted = session.get("wishes", {}).get(name, session.get(name))
    return max(0, min(_from_url(name) if wanted is None else int(wanted), most))


def current_place(grid: Place = (ANY, ANY, ANY)) -> Place:
    """The chosen patch as it stands, held inside a grid 't h w', without drawing it."""
    step, row, column = (current(name, size - 1) for name, size in zip(PLACE, grid, strict=True))
    return step, row, column


def number(name: str, most: int) -> int:
    """A number box for one part of the selection, held between 0 and `most`."""
    wishes = session.first("wishes", {})
    how = within(name, 0, max(most, 0))
    wanted = wishes.get(name, session.get(name, _from_url(name)))
    wishes.setdefault(name, wanted)
    session.put(name, max(0, min(wanted, most)))
    return st.number_input(
        LABELS.get(name, name.capitalize()),
        0,
        max(most, 0),
        min(_start(name), most),
        on_change=session.here(_typed),
        args=(name,),
        width=WIDTHS[name],
        disabled=most == 0,
        **how,
    )


def _from_url(name: str) -> int:
    linked = whole_number(in_link(name))
    return _start(name) if linked is None else linked


def is_trained() -> bool:
    """Whether the model that is chosen is the trained one."""
    return session.page.get("source") == "trained"


def _start(name: str) -> int:
    """What is looked at first, of the model that is chosen."""
    return STARTS.get(session.page.get("source", ""), NUMBERS)[name]


def _typed(name: str) -> None:
    wish(**{name: session.held(name)})
