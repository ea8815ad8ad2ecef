"""Long work of a fragment: done by the page, its failure told to the fragment."""

from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from phenaki_viz.errors import PhenakiVizError
    from phenaki_viz.ui import errands

    def work(tell):
        tell(1, 2)
        if st.session_state.get("broken"):
            raise PhenakiVizError("the well is dry")
        st.session_state["water"] = "fetched"

    def nothing():
        pass

    @st.fragment
    def part():
        errand = errands.Errand("water", work, "Fetching", nothing)
        if failed := errands.failure("water"):
            st.error(str(failed))
        if st.button("Fetch"):
            errands.send(errand)
        st.text(st.session_state.get("water", "none"))

    errands.run_waiting()
    part()


def test_what_a_fragment_asks_for_is_done_by_the_page():
    at = AppTest.from_function(page).run()
    assert at.text[0].value == "none"
    at.button[0].click().run()
    assert at.text[0].value == "fetched" and not at.exception and not at.error


def test_a_failure_is_told_and_can_be_tried_again():
    at = AppTest.from_function(page)
    at.session_state["broken"] = True
    at.run().button[0].click().run()
    assert at.error[0].value == "the well is dry" and at.text[0].value == "none"
    at.session_state["broken"] = False
    at.button[0].click().run()
    assert at.text[0].value == "fetched" and not at.error
