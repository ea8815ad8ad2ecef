"""No picture of the frame is made into a file again in a run in which it is as it was."""

import numpy as np
from PIL import Image

from phenaki_viz.browser.film import LARGEST
from phenaki_viz.data import Clip
from phenaki_viz.ui.work import computed


def test_the_icon_and_the_preview_are_encoded_once(app, monkeypatch):
    at = app(maps="Self")
    assert not at.exception
    made, save = [], Image.Image.save

    def saved(image, *args, **kwargs):
        made.append(image.size)
        return save(image, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "save", saved)
    at.slider(key="depth").set_value(2).run()
    assert not at.exception and made == []
    at.selectbox(key="frames").set_value(3).run()  # the preview is another one, and seen to be made
    assert not at.exception and len(made) == 1


def test_large_frames_are_made_small_once_for_every_strip_of_them(monkeypatch):
    frames = np.random.default_rng(0).integers(0, 255, (3, 200, 320, 1), np.uint8)
    small = computed.pixels(Clip(frames, "large.gif"))
    assert small.shape == (3, 100, LARGEST, 1)  # as wide as is sent, in the same proportions
    monkeypatch.setattr(Image.Image, "resize", None)
    assert computed.pixels(Clip(frames, "large.gif")) is small
