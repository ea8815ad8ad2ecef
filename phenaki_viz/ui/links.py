"""What no widget keeps in the address bar."""

import re
from collections.abc import Sequence
from typing import Any

import streamlit as st

WHOLE = re.compile(r"[0-9]{1,9}")
PLAIN = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?")


def say_in_url(name: str, text: str) -> None:
    """Keep a value in the URL, so that a link shows the same view; "" takes it out."""
    if text and st.query_params.get(name) != text:
        st.query_params[name] = text
    elif not text and name in st.query_params:
        del st.query_params[name]


def numbers_in_url(name: str, count: int) -> tuple[float, ...] | None:
    """'12.5-80-3-71' as (12.5, 80, 3, 71); None for anything but so many plain numbers."""
    parts = st.query_params.get(name, "").split("-")
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
    """The other way round."""
    return "_".join(".".join(map(str, group)) for group in groups)


def whole_number(text: str) -> int | None:
    """A whole number of up to nine digits; None for anything else that somebody may have written.

    `str.isdigit` also says yes to "²" and to more digits than `int` will read.
    """
    return int(text) if WHOLE.fullmatch(text) else None
