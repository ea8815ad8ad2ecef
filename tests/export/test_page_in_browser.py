"""The exported page in a real browser: it draws, it is quiet, and words stay words."""

import re

import pytest

from phenaki_viz.export import render
from phenaki_viz.figures.words import wrapped
from tests.export.test_page import hostile
from tests.figures.samples import HOSTILE, grid, strip

pytestmark = pytest.mark.browser
ADDRESS = "http://127.0.0.1/picture.html"

CELLS = """() => {
  const {xaxis, yaxis} = document.querySelector(".js-plotly-plot")._fullLayout;
  return [xaxis._offset, yaxis._offset, xaxis._length / 7, yaxis._length / 5];
}"""


def opened(page, picture):
    body = render(picture, "html").decode()
    page.route(ADDRESS, lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(ADDRESS)
    page.wait_for_selector(".plot-container .annotation")
    return page


def words_on(page) -> str:
    return "|".join(page.locator("svg text").all_text_contents())


@pytest.mark.parametrize("picture", [strip(), grid()], ids=lambda p: type(p).__name__)
def test_pages_draw_without_a_word_on_the_console(page, picture):
    said = words_on(opened(page, picture))
    assert all(line in said for line in wrapped(picture.title, 44))
    assert picture.notes[0] in said


def hover(page, row: int, column: int) -> str:
    """Move onto a cell of a 5 × 7 map; what the label says."""
    left, top, wide, high = page.evaluate(CELLS)
    page.mouse.move(2, 2)
    page.wait_for_selector(".hovertext", state="detached")
    page.mouse.move(left + (column + 0.5) * wide, top + (row + 0.5) * high)
    page.wait_for_selector(".hovertext")
    return page.locator(".hovertext").text_content()


def test_hover_names_every_cell_letter_by_letter_and_tells_masked_from_weight(page):
    dialogs = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    picture = hostile()
    opened(page, picture)
    for column, name in enumerate(HOSTILE):
        said = hover(page, 2, column)
        number = re.search(r"([0-9.e-]+) \([0-9.]+ × uniform\)$", said)[1]
        assert name in said and float(number) == pytest.approx(picture.values[2, column], 1e-3)
    assert "masked: may not look" in hover(page, 0, 6)
    assert "not a distribution" in hover(page, 4, 0)
    assert page.locator(".js-plotly-plot svg a").count() == 0 and not dialogs
