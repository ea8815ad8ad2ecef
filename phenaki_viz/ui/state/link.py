"""The address bar: what no widget keeps there, and what no page can read is taken out of it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import parse_qs

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

from phenaki_viz.ui import session
from phenaki_viz.ui.state.fields import LARGEST, values_said
from phenaki_viz.ui.state.view import IN_SLOT, field_of, unread

TEXTS = ("say", "prompt", "against", "with_say")  # whose words may be numbers of any kind
LEFT_OUT = "link.left_out"
_SAID = "link.said"  # what the address said of a value, and the value, by its name
MOST_NAMED = 5
# Parameters of links of before: what they are called now, and their values.
OLDER = {"hold": ("storage", {"Stored": "Dense", "By parts": "Factored"})}
NAME = re.compile(r"[A-Za-z0-9_.]{1,40}")
WHOLE = re.compile(r"[0-9]{1,9}")
PLAIN = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?")


def in_link(name: str, otherwise: str = "") -> str:
    """What the link says of a field of the view in this slot; or another where it says nothing."""
    return st.query_params.get(session.named(name), otherwise)


def say_in_url(name: str, text: str) -> None:
    """Keep a value in the URL, so that a link shows the same view; "" takes it out."""
    name = session.named(name)
    if text and st.query_params.get(name) != text:
        st.query_params[name] = text
    elif not text and name in st.query_params:
        del st.query_params[name]


def numbers_in_url(name: str, count: int) -> tuple[float, ...] | None:
    """'12.5-80-3-71' as (12.5, 80, 3, 71); None for anything but so many plain numbers."""
    parts = in_link(name).split("-")
    plain = len(parts) == count and all(map(PLAIN.fullmatch, parts))
    return tuple(float(part) for part in parts) if plain else None


def number_groups(text: str, each: int, most: int) -> tuple[Any, ...]:
    """'2.1.3_2.1.4' as ((2, 1, 3), (2, 1, 4)): at most so many groups of `each` whole numbers.

    Doubles and what cannot be read are dropped.
    """
    groups = [tuple(map(whole_number, part.split("."))) for part in text.split("_")]
    good = [group for group in groups if len(group) == each and None not in group]
    return tuple(dict.fromkeys(good))[:most]


def groups_text(groups: Sequence[Sequence[int]]) -> str:
    """Groups of whole numbers as a link's text: '2.1.3_2.1.4' of ((2, 1, 3), (2, 1, 4))."""
    return "_".join(".".join(map(str, group)) for group in groups)


def whole_number(text: str) -> int | None:
    """A whole number of up to nine digits; None for anything else that a link may hold.

    `str.isdigit` also says yes to "²" and to more digits than `int` will read.
    """
    return int(text) if WHOLE.fullmatch(text) else None


def read_link() -> None:
    """Take out of the address what no page can read, before a widget does; says what it was.

    Streamlit's own readers end in a traceback where a number is infinite, written out or by its
    digits, and pass over other values without a word.
    """
    _go_back()
    _rename_older()
    link = {name: st.query_params.get_all(name) for name in st.query_params}
    bad = [name for name in link if not is_readable(name)]
    bad += [name for name in unread(link) if name not in bad]
    if bad:
        _leave_out(bad)
    left_out = session.take(LEFT_OUT, [])
    if left_out:
        named = [name for name in left_out if NAME.fullmatch(name)]
        more = ", …" if len(named) > MOST_NAMED or len(named) < len(left_out) else ""
        st.warning("A part of the link cannot be read and is left out.", icon=":material/link_off:")
        st.text(", ".join(map(_said, named[:MOST_NAMED])) + more)


def _go_back() -> None:
    """After a step in the browser's history to another page: all that the address says of it.

    Streamlit (1.67) takes what the page that is left has a widget of, too, for that page's: going
    back from Text to Attention, layer, head and patch were as a page begins.
    """
    context = get_script_run_ctx()
    if context is None or not context.is_history_navigation:
        return
    said = parse_qs(context.query_string, keep_blank_values=True)
    taken = {name: texts for name, texts in said.items() if name not in st.query_params}
    if taken:
        with session.address() as params:
            params.update(taken)
            params.set_initial_query_params_from_current()


@contextmanager
def carrying() -> Iterator[None]:
    """Inside, a page is drawn: its address says what it has of the page before, too.

    Streamlit says so of values that more than one run knew, not of what a link has just set.
    """
    try:
        yield
    finally:
        said = session.page.first(_SAID, {})  # text of a value: of the same value always the same
        with session.address() as params:
            for name, (texts, value) in said.items():
                is_short = params.is_bound(name) and not params.has_param(name)
                if is_short and session.page.get(name) == value:
                    params.set_corrected_value(name, texts, "string_array_value")
        for name in filter(session.page.has, st.query_params):
            said[name] = st.query_params.get_all(name), session.page.held(name)


def _rename_older() -> None:
    """Call what a link of before says by the names of now; begin again, as widgets have read it."""
    older = [name for name in OLDER if name in st.query_params]
    with _changing():
        for name in older:
            (now, values), value = OLDER[name], st.query_params[name]
            st.query_params[now] = values.get(value, value)
            del st.query_params[name]
    if older:
        st.rerun()


def _said(name: str) -> str:
    """A parameter, and what it may be: 'heads (whole number, 1 to 16)'."""
    field = field_of(name)
    return f"{name} ({values_said(field)})" if field else name


def is_readable(name: str) -> bool:
    """Whether every value of a parameter is words, or a number that can be."""
    return IN_SLOT.sub("", name) in TEXTS or all(map(_is_sane, st.query_params.get_all(name)))


def _is_sane(text: str) -> bool:
    try:
        return abs(float(text)) <= LARGEST
    except ValueError:
        return True  # no number


def _leave_out(unreadable: list[str]) -> NoReturn:
    with _changing():
        for name in unreadable:
            del st.query_params[name]
    session.put(LEFT_OUT, unreadable)
    st.rerun()


@contextmanager
def _changing() -> Iterator[None]:
    """Inside, the address is changed; where that can't be, the page says so and stops."""
    try:
        yield
    except StreamlitAPIException:  # a widget has it, after a step back in the browser's history
        st.warning("This link cannot be read.", icon=":material/link_off:")
        st.text("A part of it is older, too large, or none. Go forward, or load the page again.")
        st.stop()
