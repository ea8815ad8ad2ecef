"""Long work of a fragment: done by the page, its failure told to the fragment."""

import streamlit as st
from streamlit.testing.v1 import AppTest

from phenaki_viz.ui.work.run_cache import RunShelf


def page():
    import streamlit as st

    from phenaki_viz.errors import PhenakiVizError
    from phenaki_viz.ui.work import page_jobs

    def work(tell):
        tell(1, 2)
        if st.session_state.get("broken"):
            raise PhenakiVizError("the well is dry")
        st.session_state["water"] = "fetched"

    def nothing():
        pass

    @st.fragment
    def part():
        errand = page_jobs.Errand("water", work, "Fetching", nothing)
        if failed := page_jobs.failure("water"):
            st.error(str(failed))
        if st.button("Fetch"):
            page_jobs.send(errand)
        st.text(st.session_state.get("water", "none"))

    page_jobs.run_waiting()
    part()


def test_what_a_fragment_asks_for_is_done_by_the_page():
    at = AppTest.from_function(page, default_timeout=120).run()
    assert at.text[0].value == "none"
    at.button[0].click().run()
    assert at.text[0].value == "fetched" and not at.exception and not at.error


def test_a_failure_is_told_and_can_be_tried_again():
    at = AppTest.from_function(page, default_timeout=120)
    at.session_state["broken"] = True
    at.run().button[0].click().run()
    assert at.error[0].value == "the well is dry" and at.text[0].value == "none"
    at.session_state["broken"] = False
    at.button[0].click().run()
    assert at.text[0].value == "fetched" and not at.error


def busy():
    """All that the page can be busy with in one run: a run, the whole model, a fragment's work."""
    import streamlit as st

    from phenaki_viz.ui.work import fragment_jobs, page_jobs, run_cache

    class Slow:
        def __init__(self, name):
            self.name = name

        def run(self, tell):
            for done in (1, 2, 3):
                tell(done, 3)
            return self.name

    def cancelled(name):
        st.session_state["cancelled"] = name

    def count(name):
        yield 0.5
        return name

    for name in ("run", "whole"):
        request = run_cache.RunRequest(Slow(name), lambda name=name: cancelled(name))
        st.text(run_cache.get_run(request))
    st.session_state[page_jobs._WAITING] = page_jobs.Errand(
        "zip", Slow("zip").run, "Drawing", lambda: cancelled("zip")
    )
    page_jobs.run_waiting()
    fragment_jobs.draw_place()
    tasks = ("tile", "thumbs", "highest")
    waiting = {task: fragment_jobs._Work(task, count(task)) for task in tasks}
    st.session_state[fragment_jobs._UNDER_WAY] = waiting  # left by runs that were overtaken
    for task in tasks:
        st.text(fragment_jobs.work_on(task, task, lambda task=task: count(task), "Reading", print))


def test_bars_of_one_run_of_the_page_never_share_a_key(monkeypatch):
    """A head off and a slow forward draw two bars; so may an errand and slices of a fragment."""
    monkeypatch.setattr("phenaki_viz.ui.work.run_cache.PROGRESS_AFTER", 0)
    monkeypatch.setattr("phenaki_viz.ui.work.run_cache.shelf", RunShelf)
    keys = []
    button = st.button

    def noted(label, *args, key=None, **kwargs):
        keys.append(key)
        return button(label, *args, key=key, **kwargs)

    monkeypatch.setattr(st, "button", noted)
    at = AppTest.from_function(busy, default_timeout=120).run()
    assert not at.exception
    tasks = ["tile", "thumbs", "highest"]
    assert [text.value for text in at.text] == ["run", "whole", *tasks]
    assert len(keys) == len(set(keys)) == 6
    assert not at.run().exception and len(set(keys)) == 6 + 3  # tasks keep theirs from run to run
