"""The exported page in a real browser: it draws, it is quiet, and words stay words."""

import pytest

from phenaki_viz.export import render
from phenaki_viz.figures.words import wrapped
from tests.figures.samples import grid, strip

pytestmark = pytest.mark.browser
ADDRESS = "http://127.0.0.1/picture.html"


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
