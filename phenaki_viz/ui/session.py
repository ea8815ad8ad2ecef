"""What this browser tab keeps between two runs of the page, by name: the only door to it.

Widgets keep their values here too, under their keys. Values that travel in the link are described
in `state.view`.

Two of everything may stand on one page, each in a slot of its own (`Stage`). What is drawn in a
slot reads and writes here under names that begin with it, without saying so; so do its widgets,
whose keys are `named`, and what calls back later, which is `here`. `page` is the door to what there
is once, whatever the slot: the model that is looked at, work of the whole page.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import QueryParams

P = ParamSpec("P")
R = TypeVar("R")
SLOT = re.compile(r"[a-z]?")  # one letter: `slotOf` of page/page.js reads it off a key
_slot: ContextVar[str] = ContextVar("slot", default="")


@contextmanager
def slot(letter: str) -> Iterator[None]:
    """What is drawn in here is another one than what is drawn in other slots; "" is the first."""
    token = _slot.set(letter)
    try:
        yield
    finally:
        _slot.reset(token)


def named(name: str) -> str:
    """The name, or a widget's key, as it is in this slot: 'layer', 'b-layer'."""
    return f"{_slot.get()}-{name}" if _slot.get() else name


def here(call: Callable[P, R]) -> Callable[P, R]:
    """A callback that will be called outside of this slot, and works in it."""
    letter = _slot.get()

    @wraps(call)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        with slot(letter):
            return call(*args, **kwargs)

    return called if letter else call


def styled(css: str) -> str:
    """Rules for containers by their keys, `.st-key-…`, as they are in this slot."""
    return css.replace("st-key-", f"st-key-{named('')}")


@dataclass(frozen=True)
class Door:
    """Names are looked up as `at` says."""

    at: Callable[[str], str]

    def has(self, name: str) -> bool:
        """Whether there is a value."""
        return self.at(name) in st.session_state

    def get(self, name: str, otherwise: Any = None) -> Any:
        """The value, or another where there is none."""
        return st.session_state.get(self.at(name), otherwise)

    def held(self, name: str) -> Any:
        """The value of a name that has one. Raises KeyError."""
        return st.session_state[self.at(name)]

    def first(self, name: str, value: Any) -> Any:
        """The value; where there is none, this one from now on."""
        return st.session_state.setdefault(self.at(name), value)

    def put(self, name: str, value: Any) -> None:
        """Keep a value; of a widget, before it is drawn or in a callback."""
        st.session_state[self.at(name)] = value

    def put_all(self, values: Mapping[str, Any]) -> None:
        """Keep several."""
        for name, value in values.items():
            self.put(name, value)

    def drop(self, name: str) -> None:
        """Keep it no longer, if it was."""
        st.session_state.pop(self.at(name), None)

    def take(self, name: str, otherwise: Any = None) -> Any:
        """The value, kept no longer; or another where there is none."""
        return st.session_state.pop(self.at(name), otherwise)

    def fall_back(self, name: str, options: Collection[Any], to: Any) -> None:
        """A choice that is no option any more becomes `to`; none yet stays none."""
        if self.has(name) and self.held(name) not in options:
            self.put(name, to)

    def keep_options(self, name: str, options: Collection[Any]) -> None:
        """Of several choices, those that are no option any more go."""
        left = [one for one in self.get(name, []) if one in options]
        if left != self.get(name, left):
            self.put(name, left)


@contextmanager
def address() -> Iterator[QueryParams]:
    """The address of this run, with what `st.query_params` does not tell: whose its names are.

    Raises RuntimeError where no page is drawn.
    """
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("only a page that is drawn has an address")
    with context.session_state.query_params() as params:
        yield params


def names() -> tuple[str, ...]:
    """Of everything that is kept, in whatever slot."""
    return tuple(map(str, st.session_state))


page = Door(str)
_own = Door(named)
has, get, held, first, put, put_all = (
    _own.has, _own.get, _own.held, _own.first, _own.put, _own.put_all
)  # fmt: skip
drop, take, fall_back, keep_options = _own.drop, _own.take, _own.fall_back, _own.keep_options
