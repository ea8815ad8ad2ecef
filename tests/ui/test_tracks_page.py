"""The page Tracks: it opens on what is known, follows what is chosen, and takes marks for true."""

from functools import cache

import pytest
from streamlit.testing.v1 import AppTest

from tests.analysis.planted_heads import PATH
from tests.sent import sent

MARKED = "_".join(f"{step}.{row}.{column}" for step, (row, column) in enumerate(PATH))


@cache
def shipped():
    from phenaki_viz.checkpoints import open_checkpoint
    from phenaki_viz.data import SHIPPED_MODEL, digit_clip, read_prompt
    from phenaki_viz.runs.model import run_model

    said = "two moving right quickly"
    return run_model(open_checkpoint(SHIPPED_MODEL).model, digit_clip(said), read_prompt(said))


@cache
def planted():
    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.run import Run
    from tests.analysis.planted_heads import recording
    from tests.runs.trained import clip

    return Run(
        clip=clip(), prompt=read_prompt(""), recording=recording(), temporal_patch=2, seconds=0
    )


def drawn(kind):
    import streamlit as st

    from phenaki_viz.ui.views.heads import heads_page
    from phenaki_viz.ui.views.tracks import tracks_page
    from tests.ui import test_tracks_page as runs

    run = runs.shipped() if kind == "shipped" else runs.planted()
    (heads_page if st.session_state.get("heads first") else tracks_page)(run)


def page(kind="planted", **link):
    at = AppTest.from_function(drawn, default_timeout=120, args=(kind,))
    for name, value in link.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def heading(at):
    return next(one["text"] for one in components(at) if one["id"] == "heading")


def components(at):
    return [sent(at, which)[0] for which in range(len(at.get("bidi_component")))]


def test_the_shipped_clip_opens_on_its_object_without_a_click():
    at = page("shipped", maps="Self")
    assert heading(at).startswith("From the two at time 2, L")
    among = "(chance 0.25; none of 16 heads finds more)"
    assert f"find it again in 2 of 4 other time steps {among}" in heading(at)
    chosen = at.multiselect(key="tracks.box").value
    assert len(chosen) == 3 and at.button(key="tracks.best").disabled
    at.number_input(key="step").set_value(4).run()
    assert heading(at).startswith("From the two at time 4, ")
    at.number_input(key="row").set_value(5).run()
    assert heading(at).startswith("From time 4, row 5, column 2, ")
    at.button(key="tracks.home").click().run()
    assert heading(at).startswith("From the two at time 4, ")
    assert (at.number_input(key="row").value, at.number_input(key="column").value) == (2, 4)


def test_a_words_readers_follow_the_object_it_names():
    at = page("shipped", maps="Cross")
    among = "(chance 0.25; none of 16 heads finds more)"
    assert f"read “two” most where the two is in 5 of 5 time steps {among}" in heading(at)
    at.selectbox(key="word").set_value(3).run()
    assert not at.exception and "“moving” most where the two is in" in heading(at)


@pytest.mark.parametrize("maps", ["Encoder spatial", "Decoder temporal"])
def test_separate_heads_over_space_and_time_say_what_a_track_is(maps):
    at = page("shipped", maps=maps)
    said = {"Encoder spatial": "it has no track", "Decoder temporal": "its track stands still"}
    assert said[maps] in heading(at)


def test_a_path_in_the_link_judges_the_heads_here_and_on_the_page_heads():
    at = page(maps="Self", path=MARKED, head="3")
    assert heading(at).startswith(
        "From the marked object at time 2, L1 H6 finds it again in 2 of 2 other time steps"
    )
    chosen = at.multiselect(key="tracks.box").value
    assert chosen[0] == (0, 6) and (0, 3) in chosen  # the best, and the one that is looked at
    at.session_state["heads first"] = True
    at.run()
    table = at.dataframe[0].value
    assert table["follows"][6] == 1 and table["follows"][5] < 0.5
    at.session_state["heads first"] = False
    at.run()
    at.button(key="tracks.clear").click().run()
    assert "is surest where to look next" in heading(at) and "path" not in at.query_params
    at.button(key="tracks.undo").click().run()
    assert heading(at).startswith("From the marked object at time 2, L1 H6")
    assert at.query_params["path"] == MARKED


def test_heads_that_are_chosen_are_drawn_and_in_the_link():
    at = page(maps="Self", path=MARKED, tracks="0.1_0.7")
    assert at.multiselect(key="tracks.box").value == [(0, 1), (0, 7)]
    at.multiselect(key="tracks.box").set_value([(0, 5), (0, 6)]).run()
    assert at.query_params["tracks"] == "0.5_0.6"
    assert "L1 H6 finds it again in 2 of 2" in heading(at) and "L1 H5 in 0" in heading(at)
    at.button(key="tracks.best").click().run()
    assert "tracks" not in at.query_params and not at.exception
    assert page(maps="Self", tracks="9.9_x", path="7.0.0_a").multiselect(key="tracks.box").value


def test_who_looks_at_a_patch_is_another_picture():
    at = page(maps="Self", path=MARKED)
    row = names(at)
    at.button_group(key="tracks_way").set_value("column").run()
    assert "looks at the marked object at time 2 most from the marked object" in heading(at)
    assert names(at) != row and "column" in names(at)


def names(at):
    """What the picture says that it shows."""
    return next(one["shows"] for one in components(at) if one["id"] == "tracks.picture")


def marking():
    import streamlit as st

    from phenaki_viz.ui.state import true_path

    for place in st.session_state.get("clicks", ()):
        true_path.mark(place)
    st.session_state["clicks"] = ()
    st.text(str(true_path.marks()))
    st.button("Undo", on_click=true_path.undo)


def test_marks_are_one_a_step_taken_back_by_a_click_and_one_by_one():
    at = AppTest.from_function(marking, default_timeout=120)
    at.session_state["clicks"] = ((2, 0, 1), (0, 1, 1), (2, 0, 2))
    assert at.run().text[0].value == "((0, 1, 1), (2, 0, 2))"
    assert at.query_params["path"] == "0.1.1_2.0.2"
    at.session_state["clicks"] = ((0, 1, 1),)
    assert at.run().text[0].value == "((2, 0, 2),)"
    for left in ("((0, 1, 1), (2, 0, 2))", "((0, 1, 1), (2, 0, 1))", "((2, 0, 1),)", "()", "()"):
        at.button[0].click().run()
        assert at.text[0].value == left
