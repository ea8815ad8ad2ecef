"""Which call is looked at is chosen on the page, and said in its heading: pass, step, run, item."""

import io
import zipfile

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from phenaki_viz import record
from phenaki_viz.export import read_provenance
from phenaki_viz.ui.source import recording_file
from tests.recording.calls import guided, maskgit
from tests.ui.test_pages import sent

OWN = {"source": "Your own", "maps": "Cross", "layer": 1, "head": 2}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A recording from Python: two videos, with and without their text, twice; and its file."""
    model = maskgit()
    with torch.no_grad(), record(model, words=("a", "b", "c")) as recording:
        guided(model, batch=2)
        guided(model, batch=2)
    return recording, recording.save(tmp_path_factory.mktemp("passes") / "run.safetensors")


def shown(at):
    header, parts = sent(at)["map"]
    return parts["values"].reshape(header["shape"])


def how_many(at):
    said = next(one.value for one in at.caption if "heads, with an index" in one.value)
    return int(said.split()[0])


def headings(at):
    header, _ = sent(at)["heading"]
    return [str(header)]


def test_pass_run_and_item_are_chosen_and_said(app, made, monkeypatch):
    recording, path = made
    monkeypatch.setenv(recording_file.RECORDING, str(path))
    at = app(**OWN)
    assert not at.exception and not at.error
    cross = recording.select(kind="cross", layer=1)
    exact = [one.map for one in cross.select(branch="conditional")]
    np.testing.assert_allclose(shown(at), exact[1].full(0, 2), atol=1e-6)
    (heading,) = headings(at)
    assert "video 1 of 2" in heading and "with the text" in heading and "run 2 of 2" in heading

    at.selectbox(key="video").set_value(1).run()
    np.testing.assert_allclose(shown(at), exact[1].full(1, 2), atol=1e-6)
    at.selectbox(key="recorded.run").set_value(0).run()
    np.testing.assert_allclose(shown(at), exact[0].full(1, 2), atol=1e-6)
    at.selectbox(key="recorded.branch").set_value("unconditional").run()
    assert not at.exception
    without = cross.select(branch="unconditional")[0]
    # The words are hidden from it, and drawn as such.
    found = np.nan_to_num(shown(at))
    np.testing.assert_allclose(found, without.map.full(1, 2), atol=1e-6)
    (heading,) = headings(at)
    assert "video 2 of 2" in heading and "without the text" in heading and "run 1 of 2" in heading


def test_one_pass_asks_nothing(app):
    at = app(heads=2, depth=1)
    assert not at.exception
    assert not [one for one in at.selectbox if one.key in ("recorded.branch", "video")]
    assert "the text" not in headings(at)[0]


def test_an_item_that_was_not_recorded_is_not_asked_for(app, monkeypatch, tmp_path):
    model = maskgit()
    with torch.no_grad(), record(model, batch_items=[1]) as recording:
        guided(model, batch=3)
    monkeypatch.setenv(recording_file.RECORDING, str(recording.save(tmp_path / "one.safetensors")))
    at = app(**OWN)
    assert not at.exception and not at.error
    assert "video 2 of 3" in headings(at)[0]
    (one,) = recording.select(kind="cross", layer=1, branch="conditional")
    np.testing.assert_allclose(shown(at), one.map.full(0, 2), atol=1e-6)


def with_box(box, app, made, monkeypatch):
    """The page of the recording, with one of the boxes for the whole grid open."""
    _, path = made
    monkeypatch.setenv(recording_file.RECORDING, str(path))
    at = app(**OWN)
    at.session_state["take.grid.open"] = at.session_state[f"export.{box}"] = True
    at.run()
    assert not at.exception
    return at


def test_all_passes_are_offered_as_one_zip(app, made, monkeypatch):
    at = with_box("all", app, made, monkeypatch)
    assert how_many(at) == 6
    at.toggle(key="export.all.passes").set_value(True).run()
    assert how_many(at) == 24
    at.multiselect(key="export.all.formats").set_value(["csv"]).run()
    at.button(key="export.all.make").click().run()
    _, name, content = at.session_state["export.all.made"]
    assert name == "cross_heads.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [one for one in archive.namelist() if one.startswith("csv/")]
    assert len(files) == len(set(files)) == 24
    assert "csv/cross_without_the_text_run02_video01_L01_H02.csv" in files


def test_all_heads_are_offered_linked_as_one_page(app, made, monkeypatch):
    at = with_box("linked", app, made, monkeypatch)
    (said,) = [one.value for one in at.caption if one.value.startswith("About 0.1 MB: grid, map")]
    assert "Each head on its own colour scale" in said
    at.button(key="export.linked.make").click().run()
    _, name, content = at.session_state["export.linked.made"]
    assert name == "cross_with_the_text_run02_linked.html" and abs(len(content) - 1e5) < 5e4
    assert content.decode().count('id="map ') == 6 - 1  # the one on view is drawn at once
    assert read_provenance(content)["head"] == 2
    assert any(f"Download {name} · 0.1 MB" in str(one.proto) for one in at.main)


@pytest.mark.parametrize("page", ["text", "masks", "position"])
def test_other_pages_say_the_pass_too(made, page):
    at = AppTest.from_function(drawn, default_timeout=120, args=(page, made[1])).run()
    assert not at.exception and not at.error
    if page != "position":
        assert "with the text" in headings(at)[0]


def drawn(page, path):
    from phenaki_viz.runs.files import open_recording
    from phenaki_viz.ui.sections import passes
    from phenaki_viz.ui.views import masks, position, text

    pages = {"text": text.text_page, "position": position.position_page, "masks": masks.masks_page}
    pages[page](passes.choose(open_recording(path)))
