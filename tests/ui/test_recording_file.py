"""A recording from a file, in the page: the same maps, no model; and a run saved from the page."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL, digit_clip, read_prompt
from phenaki_viz.errors import RecordingError
from phenaki_viz.runs.files import RecordedRun, open_recording, save_recording
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.sampled import Sampling, sample
from phenaki_viz.ui.source import recording_file
from phenaki_viz.ui.source.trained import CAPTIONS
from tests.sent import words_on
from tests.ui.test_pages import sent

HEAD = "maskgit.transformer.layers.1.1"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A run with factored maps, and a sampled video, as files."""
    folder, model = tmp_path_factory.mktemp("recordings"), open_checkpoint(SHIPPED_MODEL).model
    prompt = read_prompt(CAPTIONS[0])
    run = run_model(
        model, digit_clip(CAPTIONS[0]), prompt, RunOptions(frames=9, storage="factored")
    )
    sampled = sample(model, prompt, Sampling(steps=3))
    return {
        "run_model": save_recording(folder / "look.safetensors", run),
        "sampled": save_recording(folder / "sampled.safetensors", sampled),
    }


def exact(path, module, head, **labels):
    run = open_recording(path)
    recording = run.recording.where(**labels) if labels else run.recording
    (record,) = [one for one in recording if one.module == module]
    return record.map.full(0, head)


OWN = {"source": "Your own", "maps": "Self", "layer": 1, "head": 2}


def drawn(page, path):
    from phenaki_viz.runs.files import open_recording
    from phenaki_viz.ui.views import masks, position, sampling, text

    pages = {
        "text": text.text_page,
        "sampling": sampling.sampling_page,
        "position": position.position_page,
        "masks": masks.masks_page,
    }
    pages[page](open_recording(path))


def test_what_a_recording_is_stands_in_one_line(files):
    run = open_recording(files["run_model"])
    digest = run.recording.provenance["weights_digest"]
    assert recording_file.line_of(run) == (
        f"Recording of Phenaki, weights {digest} · “{CAPTIONS[0]}” · clip {CAPTIONS[0]}, 9 frames "
        f"of 48 × 48 · saved {date.today().isoformat()}"
    )
    older = replace(run, saved="", recording=replace(run.recording, clip=None))
    assert recording_file.line_of(older).endswith(f"“{CAPTIONS[0]}” · no clip")


def test_a_recording_is_shown_without_its_model(app, files, monkeypatch):
    monkeypatch.setenv(recording_file.RECORDING, str(files["run_model"]))
    at = app(**OWN)
    assert not at.exception and not at.error
    assert any(caption.value.startswith("Recording of Phenaki") for caption in at.caption)
    header, parts = sent(at)["map"]
    np.testing.assert_allclose(
        parts["values"].reshape(header["shape"]), exact(files["run_model"], HEAD, 2), atol=1e-6
    )
    assert any("recomputed where shown" in line for line in words_on(at))


@pytest.mark.parametrize("page", ["text", "sampling", "position", "masks"])
def test_the_other_pages_too(files, page):
    at = AppTest.from_function(drawn, default_timeout=120, args=(page, files["run_model"])).run()
    assert not at.exception and not at.error
    assert bool(at.get("bidi_component")) == (page != "sampling")


def test_the_steps_of_a_sampled_video_are_chosen(app, files, monkeypatch):
    monkeypatch.setenv(recording_file.RECORDING, str(files["sampled"]))
    at = app(**OWN)
    assert not at.exception
    at.select_slider(key="recorded.step").set_value(1).run()
    at.selectbox(key="recorded.branch").set_value("unconditional").run()
    header, parts = sent(at)["map"]
    wanted = exact(files["sampled"], HEAD, 2, step=1, branch="unconditional")
    np.testing.assert_allclose(parts["values"].reshape(header["shape"]), wanted, atol=1e-6)


def test_a_file_that_is_no_recording_leaves_the_last_one(app, files, monkeypatch, tmp_path):
    monkeypatch.setenv(recording_file.RECORDING, str(files["run_model"]))
    at = app(**OWN)
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(files["run_model"].read_bytes()[:-1000])
    at.text_input(key="own.path").set_value(str(damaged)).run()
    assert not at.exception
    assert any("cannot be opened" in error.value for error in at.error)
    assert any("cut short" in text.value for text in at.text)
    assert "map" in sent(at)


def test_an_upload_is_opened_or_refused_like_a_file(files):
    content = files["run_model"].read_bytes()
    wanted = recording_file.wanted_recording(
        ("../look.safetensors", content), "digest of the whole"
    )
    run = wanted.request.run(lambda done, of: None)
    (record,) = [one for one in run.recording if one.module == HEAD]
    np.testing.assert_array_equal(record.map.full(0, 2), exact(files["run_model"], HEAD, 2))
    with pytest.raises(RecordingError, match="cannot be opened: it is cut short"):
        recording_file.wanted_recording(("look.safetensors", content[:-7]), "digest of the part")
    weights = SHIPPED_MODEL.read_bytes()
    assert (
        recording_file.wanted_recording(("weights.safetensors", weights), "digest of weights")
        is None
    )


def test_what_the_page_saves_is_the_run(files, tmp_path):
    run = open_recording(files["run_model"])
    again = tmp_path / "again.safetensors"
    again.write_bytes(recording_file.recording_bytes(run))
    back = open_recording(again)
    assert isinstance(back, RecordedRun) and len(back.recording) == len(run.recording) == 16
    assert recording_file.is_recording(again) and recording_file.is_recording(again.read_bytes())
    assert not recording_file.is_recording(SHIPPED_MODEL) and not recording_file.is_recording(b"")
