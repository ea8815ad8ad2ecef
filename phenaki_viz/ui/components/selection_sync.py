"""Who moved the selection: the browser or Python. Each tells the other once, and only news.

What the browser picked is not sent back to it: the component's data stays byte for byte the same,
and Streamlit then sends a short reference in its place.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from phenaki_viz.ui.session import here, page

Event = dict[str, Any]


@dataclass
class ComponentState:
    """What is known of one component in this session.

    shown: the selection the browser shows. seen: the number of its last event. push: the last
    selection that Python sent, with the events it knew of then.
    """

    shown: Any = None
    seen: int = 0
    push: dict[str, Any] | None = None


def new_event(key: str, name: str = "pick") -> Event | None:
    """What the browser sent since the last run, once; None when it sent nothing new."""
    state = _state_of(f"{key}.{name}")
    event = (page.get(key) or {}).get(name)
    if not isinstance(event, Mapping) or event.get("seq", 0) == state.seen:
        return None
    state.seen = event["seq"]
    return {field: value for field, value in event.items() if field != "seq"}


def shown(key: str, picked: Any) -> Any:
    """The selection that the browser shows: what was picked in this run, or what it had."""
    return _state_of(f"{key}.pick").shown if picked is None else picked


def pending(key: str, selected: Any, picked: Any, name: str = "pick") -> dict[str, Any] | None:
    """The selection to send down: unchanged as long as the browser shows it already.

    selected: what Python has. picked: what the browser picked in this run, None for nothing;
    both as JSON lists. name: of the event that picks.
    """
    state = _state_of(f"{key}.{name}")
    if picked is not None:
        state.shown = picked
    if state.push is None or selected != state.shown:
        state.shown = selected
        state.push = {"rev": time.time_ns() // 1_000_000, "value": selected, "seen": state.seen}
    return state.push


def answering(key: str, name: str, answer: Callable[[Event], None] | None) -> Callable[[], None]:
    """A callback for Streamlit that hands the event to `answer`, before the page is drawn."""

    def called() -> None:
        event = (page.get(key) or {}).get(name)
        if answer is not None and isinstance(event, Mapping):
            answer({field: value for field, value in event.items() if field != "seq"})

    return here(called)


def _state_of(name: str) -> ComponentState:
    state: ComponentState = page.first(f"{name}.told", ComponentState())
    return state
