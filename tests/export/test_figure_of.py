import json

import pytest

from phenaki_viz.errors import ExportError
from phenaki_viz.export.kinds import figure_of
from phenaki_viz.figures import FilmStrip, HeadGrid, Heatmap, Picture, Table
from tests.figures.samples import every_kind, grid, heatmap, strip, table

PANELS = (FilmStrip, HeadGrid, Heatmap, Table)
DRAWN = [picture for picture in every_kind() if not isinstance(picture, PANELS)]


@pytest.mark.parametrize("picture", DRAWN, ids=lambda picture: type(picture).__name__)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_is_drawn_with_title_notes_and_a_height(picture, theme):
    figure = figure_of(picture, theme)
    text = json.dumps([note.text for note in figure.layout.annotations], ensure_ascii=False)
    assert picture.notes[0] in text
    assert picture.title.split(" ")[0] in text
    assert figure.layout.height > 100
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert figure_of(picture, theme, bare=True).layout.height < figure.layout.height


@pytest.mark.parametrize("picture", [strip(), grid(), heatmap(), table()])
def test_a_picture_that_plotly_does_not_draw_is_said(picture):
    with pytest.raises(TypeError, match=f"{type(picture).__name__} is no picture that plotly"):
        figure_of(picture)


def test_a_kind_that_no_module_is_about_is_said():
    with pytest.raises(ExportError, match="Picture is no kind of picture"):
        figure_of(Picture(name="a", title="b"))
