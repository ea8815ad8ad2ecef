import json

import pytest

from phenaki_viz.figures import Picture, figure_of
from tests.figures.samples import every_kind


@pytest.mark.parametrize("picture", every_kind(), ids=lambda picture: type(picture).__name__)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_is_drawn_with_title_notes_and_a_height(picture, theme):
    figure = figure_of(picture, theme)
    text = json.dumps([note.text for note in figure.layout.annotations], ensure_ascii=False)
    assert picture.notes[0] in text
    assert picture.title.split(" ")[0] in text
    assert figure.layout.height > 100
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert figure_of(picture, theme, bare=True).layout.height < figure.layout.height


def test_an_unknown_picture_is_said():
    with pytest.raises(TypeError, match="Picture"):
        figure_of(Picture(name="a", title="b"))
