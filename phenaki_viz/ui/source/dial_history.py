"""Undo: the settings that were dialled before, and the way back to them and to the defaults."""

from dataclasses import asdict

import streamlit as st

from phenaki_viz.ui import session
from phenaki_viz.ui.state.dial_settings import Settings

_PAST = "history.past"
_MOST = 50


def remember(settings: Settings) -> None:
    """Note the settings of this run when they are new."""
    past: list[Settings] = session.first(_PAST, [])
    if not past or past[-1] != settings:
        past.append(settings)
        del past[:-_MOST]


def draw_buttons() -> None:
    """Undo and reset."""
    past = session.get(_PAST, [])
    left, right = st.columns(2)
    left.button(
        "Undo",
        icon=":material/undo:",
        on_click=step_back,
        disabled=len(past) < 2,
        width="stretch",
        key="undo",
        help="Back to the settings before the last change",
    )
    right.button(
        "Defaults",
        icon=":material/restart_alt:",
        on_click=_to_defaults,
        width="stretch",
        key="defaults",
    )


def step_back() -> None:
    """Return to the settings before these; a callback, so it runs before the dials are drawn."""
    past: list[Settings] = session.get(_PAST, [])
    if len(past) >= 2:
        past.pop()
        _dial(past[-1])


def _to_defaults() -> None:
    _dial(Settings())


def _dial(settings: Settings) -> None:
    for name, value in asdict(settings).items():
        session.put(name, value)
