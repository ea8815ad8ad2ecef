"""The user's own clip in the sidebar: how it is read, which frames, which part of them."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from phenaki_viz.data import Clip, load_clip
from phenaki_viz.ui.source.trained import CAPTIONS
from phenaki_viz.ui.work.run_cache import GOOD
from tests.data.test_clips import npy, packed
from tests.data.test_readings import UPRIGHT, drawing, film, saved

FRAMES = np.random.default_rng(0).integers(0, 255, (33, 48, 64), np.uint8)


def clip_script() -> None:
    """What the sidebar draws for a clip, and the clip that comes of it."""
    from functools import partial

    import streamlit as st

    from phenaki_viz.data import fit_clip
    from phenaki_viz.ui.source import clips
    from phenaki_viz.ui.source.framing import Framing

    uploaded = clips.uploader()
    film = clips.film_of(clips.UPLOAD, uploaded)
    framing = Framing(film, 24, 24, whole=film.found <= 9)
    clip = framing.clip(partial(min, 9))
    frames = min(9, len(clip.frames))
    st.session_state["made"] = fit_clip(clip, height=24, width=24, frames=frames)


@pytest.fixture
def sidebar():
    def open_with(name: str, content: bytes, **link: object) -> AppTest:
        at = AppTest.from_function(clip_script, default_timeout=120)
        for key, value in link.items():
            at.query_params[key] = str(value)
        at.run()
        at.file_uploader(key="upload.file").set_value((name, content, "")).run()
        assert not at.exception
        return at

    return open_with


def made(at: AppTest) -> Clip:
    return at.session_state["made"]


def gif(frames: np.ndarray) -> bytes:
    images, out = [Image.fromarray(frame) for frame in frames], io.BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=100)
    return out.getvalue()


def test_frames_and_crop_are_chosen_and_shown(sidebar):
    at = sidebar("x.gif", gif(FRAMES))
    assert made(at).notes[0] == "frames 0–8 of 33, 10 a second"
    at.number_input(key="every").set_value(3).run()
    at.number_input(key="start").set_value(4).run()
    at.slider(key="crop_x").set_value(100).run()
    assert not at.exception
    clip = made(at)
    assert clip.notes[0] == "frames 4–28 of 33, every 3rd, 3.33 a second (10 in the file)"
    assert clip.notes[1] == "64×48 cropped to 48×48, at the right"
    shown = load_clip(("x.gif", gif(FRAMES)))
    wanted = Clip(shown.frames[4:29:3], "x.gif", crop=(1.0, 0.5))
    np.testing.assert_array_equal(clip.frames, _fitted(wanted).frames)
    # Under the frames stands which ones they are.
    caption = at.get("image")[-1].proto.imgs[0].caption
    assert caption.startswith("What the model sees: frames 4–28 of 33, every 3rd")
    assert caption.endswith("cropped at the right")


def _fitted(clip: Clip) -> Clip:
    from phenaki_viz.data import fit_clip

    return fit_clip(clip, height=24, width=24, frames=len(clip.frames))


def test_another_film_begins_anew_and_a_shorter_one_is_not_overrun(sidebar):
    at = sidebar("x.gif", gif(FRAMES))
    at.number_input(key="start").set_value(30).run()
    assert len(made(at).frames) == 3
    at.file_uploader(key="upload.file").set_value(("y.gif", gif(FRAMES[:12]), "")).run()
    assert not at.exception and at.number_input(key="start").value == 0
    assert len(made(at).frames) == 9


@pytest.mark.parametrize("bad", ["header", "frames"])
@pytest.mark.parametrize(
    ("link", "name"),
    [
        ({"source": "Trained", "film": CAPTIONS[3]}, CAPTIONS[3]),
        ({"source": "Trained", "film": "One moving digit", "start": "4"}, "One moving digit"),
        ({"source": "Dial", "clip": "One moving digit", "every": "2"}, "One moving digit"),
    ],
)
def test_the_clip_that_is_shown_stays_when_a_bad_one_is_handed_over(app, bad, link, name):
    at = app(**link)
    before = at.session_state[GOOD].request.clip
    assert before.name == name
    at.file_uploader(key="upload.file").set_value(_damaged(bad)).run()
    assert [one.value for one in at.error] == ["This clip cannot be used; the one before stays."]
    assert at.session_state[GOOD].request.clip.digest == before.digest


def _damaged(where: str) -> tuple[str, bytes, str]:
    """A file whose header cannot be read, and one whose frames cannot where its headers can."""
    if where == "header":
        return "x.gif", b"GIF89a no more", ""
    pictures = [saved([frame], "PNG") for frame in FRAMES[:9]]
    pictures[5] = pictures[5][:1500]
    return "x.zip", packed({f"{at}.png": one for at, one in enumerate(pictures)}), ""


def test_what_is_taken_whole_asks_nothing(sidebar):
    at = sidebar("x.gif", gif(FRAMES[:9, :, :48]))
    assert not at.number_input and not at.slider
    assert made(at).notes == ("48×48 resized to 24×24",)


def test_an_array_that_can_be_read_in_two_ways_is_asked_about(sidebar):
    at = sidebar("x.npy", npy(FRAMES[:, :48, :48].repeat(2, axis=0)[:48]))  # a cube
    (box,) = [box for box in at.selectbox if box.label == "Order of its axes"]
    assert box.value is None and at.info
    assert made(at).name == "Two moving digits"  # the one before stays
    box.set_value("h w f").run()
    assert not at.exception and not at.info
    assert any(text.value.startswith("axes read as 48 high × 48 wide") for text in at.text)
    assert made(at).name == "x.npy"


def test_values_without_a_black_and_a_white_are_asked_about(sidebar):
    at = sidebar("x.npy", npy(FRAMES[:9] * 0.5 - 20))
    assert at.info and made(at).name == "Two moving digits"
    black, white = (box for box in at.number_input if box.label in ("Black is", "White is"))
    black.set_value(-20.0).run()
    (white,) = (box for box in at.number_input if box.label == "White is")
    white.set_value(107.5).run()
    assert not at.exception and made(at).name == "x.npy"
    assert "values from -20 (black) to 107.5 (white)" in made(at).notes


def test_the_film_of_a_zip_and_the_ground_of_a_drawing_are_chosen(sidebar):
    films = {f"{name}.gif": gif(frames) for name, frames in (("a", FRAMES), ("b", 255 - FRAMES))}
    at = sidebar("x.zip", packed(films))
    (box,) = [box for box in at.selectbox if box.label == "Which of its films"]
    assert box.value == "a.gif"
    box.set_value("b.gif").run()
    assert any("read is 'b.gif', one of 2" in note for note in made(at).notes)
    at = sidebar("y.png", saved([drawing(0, step) for step in range(3)], "PNG"))
    assert made(at).frames[0, 0, 0, 0] == 255
    (box,) = [box for box in at.selectbox if box.label == "Behind its transparent parts"]
    box.set_value("black").run()
    assert made(at).frames.max() < 255 and not at.exception


def test_merged_frames_are_said_and_can_count_once(sidebar):
    at = sidebar("x.gif", saved([UPRIGHT, UPRIGHT, UPRIGHT // 2], "GIF", duration=100))
    assert len(made(at).frames) == 3
    (switch,) = at.toggle
    switch.set_value(False).run()
    assert len(made(at).frames) == 2 and not at.exception


def test_a_bad_clip_leaves_the_one_before(sidebar):
    at = sidebar("x.gif", gif(FRAMES))
    at.file_uploader(key="upload.file").set_value(("bad.gif", b"words", "")).run()
    assert at.error and any("accepted: GIF" in text.value for text in at.text)
    assert made(at).name == "x.gif" and not at.exception


def test_a_film_is_chosen_from_far_in(sidebar):
    at = sidebar("x.avi", film("avi", "mpeg4", 200))
    at.number_input(key="start").set_value(180).run()
    assert made(at).notes[0] == "frames 180–188 of 200, 25 a second" and not at.exception
