"""No picture of the frame is made into a file again in a run in which it is as it was."""

from PIL import Image


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
