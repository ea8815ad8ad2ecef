"""The page Figure: what is written is drawn, said and taken away; what cannot be is said."""

from functools import cache

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.figures.composed import compose
from phenaki_viz.figures.recipe import Recipe, panel_said


def drawn(pins=(), maps="self", layer=None):
    from dataclasses import replace

    import streamlit as st

    from phenaki_viz.ui.views.figure import figure_page
    from tests.ui.test_figure import recorded

    st.session_state.setdefault("maps", maps)
    st.session_state.setdefault("layer", 1)
    st.session_state.setdefault("head", 2)
    if pins:
        st.session_state.setdefault("grid.pins", tuple(pins))
    run = recorded()
    if layer is not None:
        run = replace(run, recording=run.recording.select(layer=layer))
    figure_page(run)


@cache
def recorded():
    """One run for all tests, and for the page they draw."""
    from phenaki_viz.data import read_prompt, sample_clip
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.runs.dialled import run_dialled

    config = DialConfig(heads=3, depth=2, dim_head=8, dim=32, height=32, width=48)
    return run_dialled(config, sample_clip(), read_prompt("a b"))


def page(**kwargs):
    return AppTest.from_function(drawn, kwargs=kwargs, default_timeout=120).run()


def recipe(*panels, **looks):
    return Recipe(panels=tuple(map(panel_said, panels)), columns=3, **looks)


def said(at):
    return at.code[0].value


@pytest.mark.parametrize(
    ("kwargs", "panels"),
    [
        ({}, ["self L1 H2", "self grid"]),
        ({"maps": "cross"}, ["cross L1 H2", "cross grid word 2 patch 2,1,2"]),
        ({"layer": 1}, ["self L1 H2", "self grid"]),  # the first that was kept is layer 1
        (
            {"layer": 0, "pins": [(1, 1)]},
            ["self L0 H2", "self grid"],
        ),  # a pin of a layer that is gone
        ({"pins": [(0, 1), (1, 2)]}, ["self L0 H1", "self L1 H2"]),
    ],
)
def test_it_begins_with_what_is_looked_at(kwargs, panels):
    at = page(**kwargs)
    assert not at.exception and at.text_area[0].value.splitlines() == panels
    assert said(at).startswith(f"(a) {panels[0].split(' ', 1)[1]} · {panels[0].split()[0]}")


def test_a_link_brings_its_pinned_heads():
    at = AppTest.from_function(drawn, default_timeout=120)
    at.query_params["pins"] = "0.1_9.9_1.0"
    assert at.run().text_area[0].value.splitlines() == ["self L0 H1", "self L1 H0", "self L1 H2"]


def test_of_maps_too_large_to_be_drawn_it_begins_with_where_a_patch_looks(monkeypatch):
    monkeypatch.setattr("phenaki_viz.ui.views.figure.MOST_WEIGHTS", 1000)
    at = page(maps="cross")
    assert at.text_area[0].value.splitlines() == [
        "cross L1 H2",
        "cross grid word 2 patch 2,1,2",
    ]  # these are small
    at = page()
    assert at.text_area[0].value == "self L1 H2 patch 2,2,3" and not at.exception


def test_every_control_is_in_the_recipe_that_is_taken_away():
    at = page()
    at.text_area(key="figure_panels").set_value("self L0 H0\n\ncross L1 H1 word 2\n").run()
    at.selectbox(key="figure_width").set_value("own").run()
    at.number_input(key="figure_mm").set_value(100.0)
    at.number_input(key="figure_columns").set_value(1)
    at.selectbox(key="figure_type").set_value("serif")
    at.number_input(key="figure_points").set_value(9.0)
    at.selectbox(key="figure_law").set_value("log")
    at.selectbox(key="figure_palette").set_value("cividis")
    for key in ("own", "dark", "clear", "words"):
        at.toggle(key=f"figure_{key}").set_value(True)
    at.toggle(key="figure_letters").set_value(False).run()
    assert not at.exception
    made = Recipe(
        panels=(panel_said("self L0 H0"), panel_said("cross L1 H1 word 2")),
        columns=1, width=100.0, typeface="serif", points=9.0, colours="log", palette="cividis",
        shared=False, theme="dark", transparent=True, words="in", letters=False,
    )  # fmt: skip
    assert said(at) == compose(recorded(), made).caption
    assert "Random weights" in said(at) and "\\caption{" in at.code[1].value


@pytest.mark.parametrize(
    ("panels", "why"),
    [("self L9 H0", "no layer 9"), ("self L1", "needs its head"), ("", "panels")],
)
def test_what_cannot_be_drawn_is_said_and_the_words_stay(panels, why):
    at = page()
    at.text_area(key="figure_panels").set_value(panels).run()
    assert not at.exception and not at.code
    assert at.error[0].value == "This figure cannot be drawn." and why in at.text[0].value
    assert at.text_area[0].value == panels
    at.text_area(key="figure_panels").set_value("self L1 H0").run()
    assert not at.error and said(at).startswith("L1 H0 · self attention")


def test_a_figure_that_takes_long_shows_how_far_it_is_and_can_be_cancelled(monkeypatch):
    monkeypatch.setattr("phenaki_viz.ui.work.fragment_jobs.SLICE", 0.0)
    stopped = []
    monkeypatch.setattr(
        "phenaki_viz.ui.work.fragment_jobs._run_again", lambda: stopped.append(st.stop())
    )
    at = AppTest.from_function(drawn, default_timeout=120)
    at.query_params["figure_panels"] = "cross grid\ncross L1 H0"  # drawn by no other test
    at.run()
    at.run()  # the bar of a slice is drawn by the next one
    assert at.button(key="cancel.figure").label == "Cancel" and not at.code
    at.button(key="cancel.figure").click().run()
    assert not at.code and not at.exception
    monkeypatch.undo()
    at.button(key="figure.draw").click().run()
    assert said(at).startswith("(a) cross attention, all heads; (b) L1 H0")


def test_the_heads_of_a_grid_are_read_once_for_a_shared_scale(monkeypatch):
    read = []
    steps = thumbnails.steps
    monkeypatch.setattr(
        "phenaki_viz.figures.composed.thumbnails.steps",
        lambda *args: read.append(args) or steps(*args),
    )
    shares = compose.steps(recorded(), recipe("self grid", "self L0 H1"))
    assert all(0 <= share <= 1 for share in shares) and len(read) == 1
