"""A widget looks up one name of a session, and is told what Streamlit would have told it."""

import pytest
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest

from phenaki_viz.ui.lookups import Kept, mend_lookups


def page():
    import streamlit as st

    st.session_state.setdefault("mine", 3)
    st.session_state["box"] = st.session_state.get("box", 5)
    st.number_input("Box", 0, 9, key="box")
    st.number_input("None yet", value=None, key="open")
    st.selectbox("No key", ["a", "b"])
    st.text_input("Text", "first", key="text")


@pytest.fixture
def state():
    """The session of a page that has run: names of its own, widgets with keys and without."""
    run = AppTest.from_function(page).run()
    assert not run.exception
    return run.session_state._state


def test_one_name_is_what_it_is_among_all(state):
    gathered = state._state.filtered_state
    kept = Kept(state)
    assert {"mine", "box", "open", "text"} <= set(gathered)
    assert dict(kept) == gathered and len(kept) == len(gathered) and repr(kept) == repr(gathered)
    for name in gathered:
        assert name in kept and kept[name] == gathered[name]
    assert kept["open"] is None and kept.get("nothing", 1) == 1


def test_what_is_streamlits_own_is_no_name(state):
    kept = Kept(state)
    for name in (*state._state._keys(), "nothing", 3):
        assert (name in kept) == (name in state._state.filtered_state)
    with pytest.raises(KeyError):
        kept["nothing"]


def test_a_widget_gathers_nothing(monkeypatch):
    mend_lookups()
    monkeypatch.setattr(
        SessionState, "filtered_state", property(lambda _: pytest.fail("everything is gathered"))
    )
    run = AppTest.from_function(page).run()
    assert not run.exception and run.number_input(key="open").value is None
    assert run.number_input(key="box").value == 5 and run.text_input(key="text").value == "first"
