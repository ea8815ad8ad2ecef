"""What no widget keeps in the address bar."""

import streamlit as st


def say_in_url(name: str, text: str) -> None:
    """Keep a value in the URL, so that a link shows the same view; "" takes it out."""
    if text and st.query_params.get(name) != text:
        st.query_params[name] = text
    elif not text and name in st.query_params:
        del st.query_params[name]


def numbers_in_url(name: str, count: int) -> tuple[float, ...] | None:
    """'12.5-80-3-71' as (12.5, 80, 3, 71); None for anything but so many plain numbers."""
    parts = st.query_params.get(name, "").split("-")
    plain = all(part.isascii() and part.replace(".", "", 1).isdigit() for part in parts)
    return tuple(float(part) for part in parts) if plain and len(parts) == count else None
