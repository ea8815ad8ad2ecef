"""The grid of heads over the frames: one time step of every head's film strip."""

import numpy as np
import pytest
import streamlit as st

from phenaki_viz.analysis.thumbnails import with_means
from phenaki_viz.browser.grid_message import tile_codes
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.ui.work import fragment_jobs, surveys
from tests.ui.test_pages import sent
from tests.ui.test_trained_pages import components, exact, looked

STEP = 36  # patches: 6 × 6
OF_CROSS, OF_SELF = "maskgit.transformer.layers.{}.2", "maskgit.transformer.layers.{}.1"


def trained(app, **asked):
    at = app(source="Trained", **asked)
    assert not at.exception
    return at


def the_grid(at):
    header, parts = components(at)["grid.heads"]
    tiles = len(header["layers"]) + 1, len(header["heads"]) + 1  # the means behind
    return header, parts["codes"].reshape(*tiles, *header["cell"])


def codes_of(tiles):
    """As the page colours them, by the square root, each head to its own end."""
    tiles = with_means(tiles.reshape(4, 4, 6, 6))
    return tile_codes(tiles, Colours("sqrt").of_each(tiles))


def test_heads_that_read_a_text_begin_over_the_frames_with_the_readers_of_the_word(app):
    at = trained(app, maps="Cross", step=3, row=0, column=1, word=4)
    header, codes = the_grid(at)
    assert header["framed"] and header["cell"] == [6, 6]
    run, patches = looked(), slice(3 * STEP, 4 * STEP)
    every = np.stack(
        [[exact(run, OF_CROSS.format(layer), head)[patches, 4] for head in range(4)]
         for layer in range(4)]
    )  # fmt: skip
    np.testing.assert_array_equal(codes, codes_of(every))
    assert header["notes"][0].startswith("time 3: who reads “right” · ")


@pytest.mark.parametrize(
    ("direction", "says"),
    [
        ("Where it looks", "time 1: where its row 4, column 2 looks"),
        ("Who looks at it", "time 1: who looks at its row 4, column 2"),
    ],
)
def test_of_other_heads_the_chosen_patch_looks_or_is_looked_at(app, direction, says):
    asked = {"grid": "over the frames", "direction": direction}
    at = trained(app, maps="Self", step=1, row=4, column=2, **asked)
    header, codes = the_grid(at)
    run, patch, step = looked(), STEP + 4 * 6 + 2, slice(STEP, 2 * STEP)
    line = (patch, step) if direction == "Where it looks" else (step, patch)
    every = np.stack(
        [[exact(run, OF_SELF.format(layer), head)[line] for head in range(4)] for layer in range(4)]
    )
    np.testing.assert_array_equal(codes, codes_of(every))
    assert header["notes"][0].startswith(f"{says} · ")


def test_both_kinds_of_heads_keep_what_was_chosen_of_them(app):
    at = trained(app)
    assert at.pills(key="maps").value == "cross" and the_grid(at)[0]["framed"]
    at.pills(key="maps").set_value("self").run()
    assert not the_grid(at)[0]["framed"]
    at.selectbox(key="grid").set_value("frames").run()
    assert the_grid(at)[0]["framed"]
    at.pills(key="maps").set_value("cross").run()
    at.selectbox(key="word_grid").set_value("map").run()
    assert not the_grid(at)[0]["framed"]
    assert at.query_params["word_grid"] == "the maps"
    at.pills(key="maps").set_value("self").run()
    assert the_grid(at)[0]["framed"]
    assert at.query_params["grid"] == "over the frames"


def test_maps_over_time_alone_fill_no_frame(app):
    at = trained(app, maps="Encoder spatial", grid="over the frames")
    assert the_grid(at)[0]["framed"]
    at.pills(key="maps").set_value("encoder temporal").run()
    assert not at.exception and not the_grid(at)[0]["framed"]
    assert "over the frames" not in at.selectbox(key="grid").options


def test_to_read_them_can_be_cancelled(app, monkeypatch):
    monkeypatch.setattr(fragment_jobs, "SLICE", 0)
    monkeypatch.setattr(fragment_jobs, "_run_again", st.stop)  # each run of the page one step
    at = trained(app, maps="Cross", word=3)
    for _ in range(100):
        if any(one.key == "cancel.over video" for one in at.button):
            break
        at.run()
    at.button(key="cancel.over video").click().run()
    assert not at.exception and at.selectbox(key="word_grid").value == "map"


def test_long_maps_are_not_read_whole_for_it(app, monkeypatch):
    """And a reading under way waits: nothing has the page run again for it meanwhile."""
    monkeypatch.setattr(surveys, "LONG", 0)
    monkeypatch.setattr(fragment_jobs, "SLICE", 0)
    go_on = fragment_jobs.go_on
    monkeypatch.setattr(fragment_jobs, "go_on", lambda slot: None)
    at = app(storage="Factored", heads=2, depth=2, seed=8)
    assert surveys.SLOT in at.session_state[fragment_jobs._UNDER_WAY]
    monkeypatch.setattr(fragment_jobs, "go_on", go_on)
    monkeypatch.setattr(fragment_jobs, "SLICE", 100)
    again = []
    monkeypatch.setattr(fragment_jobs, "_run_again", lambda: again.append(True))
    at.selectbox(key="grid").set_value("frames").run()
    assert not at.exception and not again
    assert sent(at)["grid.heads"][0]["framed"]
