"""What a browser tab keeps between runs is reached through one module."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

import phenaki_viz.ui

STREAMLITS_OWN = re.compile(r"streamlit\.runtime\.state\.\w+")  # modules, not a session's state


def test_one_module_reaches_the_state_of_the_session():
    house = Path(phenaki_viz.ui.__file__).parent
    found = {
        str(file.relative_to(house))
        for file in house.rglob("*.py")
        if "session_state" in STREAMLITS_OWN.sub("", file.read_text())
    }
    assert found == {"session.py"}


def page():
    import streamlit as st

    from phenaki_viz.ui import session

    session.fall_back("kind", ("a", "b"), "a")
    session.keep_options("heads", ("H1", "H2"))
    first = session.first("first", "once")
    st.text(f"{first} {session.has('kind')} {session.get('kind')} {session.get('heads')}")


def said(**kept: object) -> str:
    at = AppTest.from_function(page, default_timeout=120)
    for name, value in kept.items():
        at.session_state[name] = value
    text: str = at.run().text[0].value
    return text


def test_a_choice_that_is_no_option_falls_back_and_none_stays_none():
    assert said() == "once False None None"
    assert said(kind="b", first="before") == "before True b None"
    assert said(kind="c") == "once True a None"


def test_of_several_choices_those_that_are_options_stay():
    assert said(heads=["H1", "H9", "H2"]) == "once False None ['H1', 'H2']"
    assert said(heads=["H9"]) == "once False None []"
