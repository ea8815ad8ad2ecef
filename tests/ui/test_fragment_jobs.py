"""Long work of a fragment in slices: it goes on where it stopped, and ends when it is overtaken."""

import threading

import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.ui.work import fragment_jobs


@pytest.fixture(autouse=True)
def one_step_a_slice(monkeypatch):
    monkeypatch.setattr(fragment_jobs, "SLICE", 0)


def page():
    import streamlit as st

    from phenaki_viz.errors import PhenakiVizError
    from phenaki_viz.ui.work import fragment_jobs

    log = st.session_state.setdefault("log", [])

    def count(view):
        try:
            for step in range(1, 6):
                log.append((view, step))
                if st.session_state.get("broken"):
                    raise PhenakiVizError("the well is dry")
                if (view, step) == st.session_state.get("moves on at"):
                    st.session_state["view"] = "near"
                yield step / 5
            return f"all of {view}"
        finally:
            log.append((view, "ended"))

    @st.fragment
    def part():
        fragment_jobs.draw_place()
        view = st.session_state.get("view", "far")
        try:
            st.text(fragment_jobs.work_on("tile", view, lambda: count(view), "Counting"))
        except PhenakiVizError as error:
            st.error(str(error))
        st.button("Again")

    part()


def test_work_goes_on_where_it_stopped():
    at = AppTest.from_function(page, default_timeout=120).run()
    assert at.text[0].value == "all of far" and not at.exception
    assert at.session_state["log"] == [("far", step) for step in (1, 2, 3, 4, 5, "ended")]


def test_for_a_file_outside_of_every_run_all_is_done_at_once():
    def count():
        yield 0.5
        return "all of it"

    assert fragment_jobs.work_on("file", "far", count, "Counting") == "all of it"


def test_a_tile_that_was_overtaken_leaves_nothing_running():
    at = AppTest.from_function(page, default_timeout=120)
    at.session_state["moves on at"] = ("far", 2)
    before = threading.active_count()
    at.run()
    assert at.text[0].value == "all of near" and not at.exception
    far = [step for view, step in at.session_state["log"] if view == "far"]
    assert far == [1, 2, "ended"]
    assert at.session_state[fragment_jobs._UNDER_WAY] == {}
    assert threading.active_count() <= before
    assert at.session_state["log"][-1] == ("near", "ended")


def test_work_that_fails_is_told_once_and_begun_anew():
    at = AppTest.from_function(page, default_timeout=120)
    at.session_state["broken"] = True
    at.run()
    assert at.error[0].value == "the well is dry"
    at.session_state["broken"] = False
    at.button[0].click().run()
    assert at.text[0].value == "all of far" and not at.error


def test_cancel_ends_it_and_takes_back_what_led_there():
    taken_back = []
    at = AppTest.from_function(cancelling, default_timeout=120)
    at.session_state["back"] = taken_back
    at.run()
    assert taken_back == ["ended", "back"] and at.text[0].value == "gave up"
    assert not at.exception


def cancelling():
    """Cancel is pressed while the work is under way: its callback runs between two slices."""
    import streamlit as st

    from phenaki_viz.ui.work import fragment_jobs

    back = st.session_state["back"]

    def forever():
        try:
            while True:
                yield 0.5
        finally:
            back.append("ended")

    def give_up():
        back.append("back")

    @st.fragment
    def part():
        fragment_jobs.draw_place()
        runs = st.session_state["runs"] = st.session_state.get("runs", 0) + 1
        if runs == 4:
            fragment_jobs._cancel("tile", give_up)
        if runs >= 4:
            st.text("gave up")
            return
        fragment_jobs.work_on("tile", "all", forever, "Counting", give_up)

    part()


def growing():
    """Four parts of two steps each; stopped or overtaken by what the session says."""
    import streamlit as st

    from phenaki_viz.ui.work import fragment_jobs

    log, drawn = st.session_state.setdefault("log", []), st.session_state.setdefault("drawn", [])

    def work(parts):
        try:
            for at in range(4):
                for half in (1, 2):
                    log.append((at, half))
                    yield (at + half / 2) / 4
                parts.append(f"part {at}")
            return "all four"
        finally:
            log.append("ended")

    @st.fragment
    def part():
        fragment_jobs.draw_place()
        view = st.session_state.get("view", "far")
        found = fragment_jobs.grow("parts", view, work, "Counting")
        drawn.append(found)
        st.text(found if isinstance(found, str) else f"{len(found)} so far")
        if len(found) == st.session_state.get("stop at"):
            fragment_jobs.stop("parts")
        if fragment_jobs.is_stopped("parts"):
            st.button("Go on", on_click=fragment_jobs.resume, args=("parts",))
        if not isinstance(found, str):
            fragment_jobs.go_on("parts")

    part()


def test_parts_are_drawn_as_they_come_and_then_the_whole():
    at = AppTest.from_function(growing, default_timeout=120).run()
    assert not at.exception and at.text[0].value == "all four"
    each = [f"part {number}" for number in range(4)]
    # Nothing before the first part; the last comes with the result.
    assert at.session_state["drawn"] == [each[:1], each[:2], each[:3], "all four"]
    assert at.session_state["log"] == [*((at, half) for at in range(4) for half in (1, 2)), "ended"]


def test_what_is_stopped_keeps_its_parts_and_goes_on_where_it_was():
    at = AppTest.from_function(growing, default_timeout=120)
    at.session_state["stop at"] = 2
    at.run()
    assert at.text[0].value == "2 so far" and not at.exception
    steps = list(at.session_state["log"])
    at.run()  # a click elsewhere on the page
    assert at.text[0].value == "2 so far" and at.session_state["log"] == steps
    at.session_state["stop at"] = None
    at.button[0].click().run()
    assert at.text[0].value == "all four" and not at.exception
    assert at.session_state["log"][: len(steps)] == steps
    assert len(at.session_state["log"]) == 8 + 1


def test_parts_of_something_else_are_let_go():
    at = AppTest.from_function(growing, default_timeout=120)
    at.session_state["stop at"] = 3
    at.run()
    at.session_state["view"], at.session_state["stop at"] = "near", None
    at.run()
    assert at.text[0].value == "all four"
    assert at.session_state["log"].count("ended") == 2
    assert at.session_state[fragment_jobs._UNDER_WAY] == {}
