"""Reloaded or shared: what only the former session had is named as gone, not just replaced."""

import io

import numpy as np
import pytest
from PIL import Image

from phenaki_viz.ui.source.gone import uploaded_title


def gif(frames=9, size=48):
    noise = np.random.default_rng(0).integers(0, 255, (frames, size, size), np.uint8)
    images = [Image.fromarray(frame) for frame in noise]
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:])
    return buffer.getvalue()


def said(at):
    return [warning.value for warning in at.warning], [text.value for text in at.text]


SOURCES = [("Trained", "film"), ("Dial", "clip")]


@pytest.mark.parametrize(("source", "box"), SOURCES)
def test_a_reload_says_that_the_upload_is_gone(app, source, box):
    at = app(source=source)
    assert "not here" not in str(said(at))
    at.file_uploader(key="upload.file").upload("two.gif", gif(), "image/gif").run()
    assert not at.exception
    linked = at.query_params[box]
    assert linked == uploaded_title("two.gif")

    again = app(source=source, **{box: linked})
    warnings, texts = said(again)
    assert any("The clip of this link is not here" in warning for warning in warnings)
    assert any(text.startswith("two.gif was uploaded") for text in texts)
    again.run()  # it stays until a clip is chosen
    assert any("not here" in warning.value for warning in again.warning)
    others = again.selectbox(key=box).options
    again.selectbox(key=box).select(others[1]).run()
    assert not any("not here" in warning.value for warning in again.warning)


@pytest.mark.parametrize(("source", "box"), SOURCES)
def test_an_upload_is_never_taken_for_a_clip_that_comes_with_the_page(app, source, box):
    title = app(source=source).selectbox(key=box).options[1]
    at = app(source=source)
    at.file_uploader(key="upload.file").upload(f"{title}.gif", gif(), "image/gif").run()
    again = app(source=source, **{box: at.query_params[box]})
    assert any("not here" in warning.value for warning in again.warning)


@pytest.mark.parametrize(
    ("linked", "words"),
    [
        ("sampled: two moving left", "“two moving left” was sampled"),
        ("../../etc", "no clip called"),
    ],
)
def test_other_clips_that_are_not_here(app, linked, words):
    at = app(source="Trained", film=linked)
    assert not at.exception
    assert any(words in text.value for text in at.text)


def test_a_file_of_ones_own_is_named_and_its_folder_is_not(app, tmp_path):
    at = app(source="Your own")
    path = tmp_path / "secret folder" / "mine.safetensors"
    at.text_input(key="own.path").set_value(str(path)).run()
    assert at.query_params["file"] == "mine.safetensors"
    assert "secret" not in str(at.query_params)
    again = app(source="Your own", file="mine.safetensors")
    assert any("not open here" in warning.value for warning in again.warning)
    assert any("mine.safetensors: upload it" in text.value for text in again.text)
