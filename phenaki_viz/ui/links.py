"""What no widget keeps in the address bar."""

import streamlit as st


def say_in_url(name: str, text: str) -> None:
    """Keep a value in the URL, so that a link shows the same view; "" takes it out."""
    if text and st.query_params.get(name) != text:
        st.query_params[name] = text
    elif not text and name in st.query_params:
        del st.query_params[name]
