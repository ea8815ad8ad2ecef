"""Where a page stands: the run that it is of, and which of two of everything it is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session

P = ParamSpec("P")
REDRAWN = "fragment.redrawn"  # in the page's session: since the last run of all of it


@dataclass(frozen=True)
class Stage:
    """One page on the screen, or one of two beside each other.

    slot: "" for the first, a letter from "b" for another. Keys of widgets, what is looked at, its
    fields in the link and the selection that pictures in the browser share begin with it ('layer',
    'b-layer'), so that two stages have nothing in common but the model. What is looked at is not
    held here: it changes while a stage stands, and is read from the session under these names.
    Raises ValueError for any other slot.
    """

    run: Run
    slot: str = ""

    def __post_init__(self) -> None:
        if not session.SLOT.fullmatch(self.slot):
            raise ValueError(f"a slot is one small letter, or '' for the first, got {self.slot!r}")

    def draw(self, page: Callable[[Run], None]) -> None:
        """Draw a page here."""
        with session.slot(self.slot):
            page(self.run)


def fragment(draw: Callable[P, None]) -> Callable[P, None]:
    """Streamlit's fragment: what is picked in it has it alone drawn again, in its own slot."""

    @wraps(draw)
    def noted(*args: P.args, **kwargs: P.kwargs) -> None:
        context = get_script_run_ctx()
        if context is not None and context.fragment_ids_this_run:
            session.page.put(REDRAWN, True)
        draw(*args, **kwargs)

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        st.fragment(session.here(noted))(*args, **kwargs)

    return drawn
