"""What this browser tab keeps between two runs of the page, by name: the only door to it.

Widgets keep their values here too, under their keys. Values that travel in the link are described
in `state.view`.
"""

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st


def has(name: str) -> bool:
    """Whether there is a value."""
    return name in st.session_state


def get(name: str, otherwise: Any = None) -> Any:
    """The value, or another where there is none."""
    return st.session_state.get(name, otherwise)


def held(name: str) -> Any:
    """The value of a name that has one. Raises KeyError."""
    return st.session_state[name]


def first(name: str, value: Any) -> Any:
    """The value; where there is none, this one from now on."""
    return st.session_state.setdefault(name, value)


def put(name: str, value: Any) -> None:
    """Keep a value; of a widget, before it is drawn or in a callback."""
    st.session_state[name] = value


def put_all(values: Mapping[str, Any]) -> None:
    """Keep several."""
    for name, value in values.items():
        put(name, value)


def drop(name: str) -> None:
    """Keep it no longer, if it was."""
    st.session_state.pop(name, None)


def take(name: str, otherwise: Any = None) -> Any:
    """The value, kept no longer; or another where there is none."""
    return st.session_state.pop(name, otherwise)


def names() -> tuple[str, ...]:
    """Of everything that is kept."""
    return tuple(map(str, st.session_state))


def fall_back(name: str, options: Collection[Any], to: Any) -> None:
    """A choice that is no option any more becomes `to`; none yet stays none."""
    if has(name) and held(name) not in options:
        put(name, to)


def keep_options(name: str, options: Collection[Any]) -> None:
    """Of several choices, those that are no option any more go."""
    left = [one for one in get(name, []) if one in options]
    if left != get(name, left):
        put(name, left)
