"""The exported page in a real browser: it draws, it is quiet, and words stay words."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from phenaki_viz.export import render
from phenaki_viz.figures.words import wrapped
from tests.browser_fixtures import PAINTED
from tests.figures.samples import HOSTILE, curves, grid, strip

pytestmark = pytest.mark.browser
ADDRESS = "http://127.0.0.1/picture.html"


def opened(page, picture):
    body = render(picture, "html").decode()
    page.route(ADDRESS, lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(ADDRESS)
    return page


def words_on(page) -> str:
    return "|".join(page.locator("svg text").all_text_contents())


def test_curves_draw_without_a_word_on_the_console(page):
    picture = curves()
    opened(page, picture).wait_for_selector(".plot-container .annotation")
    said = words_on(page)
    assert all(line in said for line in wrapped(picture.title, 44))
    assert picture.notes[0] in said


def test_a_strip_says_the_weight_under_the_pointer(page):
    picture = strip(title=HOSTILE[0])
    opened(page, picture)
    shown = page.locator(".strip")
    expect(shown).to_have_attribute("data-picked", "1,2,0")
    assert page.locator("h1").text_content() == HOSTILE[0]
    assert page.locator("footer p").all_text_contents() == list(picture.notes)
    canvas = page.locator(".frames canvas").nth(1)  # the first frame of step 1
    box = canvas.bounding_box()
    for row, column in [(0, 2), (2, 1)]:
        canvas.hover(
            position={
                "x": box["width"] * (column + 0.5) / 3,
                "y": box["height"] * (row + 0.5) / 3,
            }
        )
        expect(shown).to_have_attribute("data-patch", f"1,{row},{column}")
        weight = float(shown.get_attribute("data-weight"))
        assert np.float32(weight) == picture.weights[1, row, column]
    canvas.click()
    expect(shown).to_have_attribute("data-picked", "1,2,0")  # nobody would answer another pick
    shown.press("Shift+ArrowLeft")
    expect(shown).to_have_attribute("data-also", "")


def test_a_grid_names_the_head_under_the_pointer(page):
    values = np.array([[0.5, 1], [2, 3], [4.25, np.nan]], np.float32)
    picture = grid(values=values, unit="entropy")
    opened(page, picture)
    canvas = page.locator("canvas")
    expect(canvas).to_have_attribute("data-painted", PAINTED)
    expect(canvas).to_have_attribute("data-picked", "1,0")
    left, top, wide, high, _ = map(float, canvas.get_attribute("data-tiles").split(","))
    canvas.hover(position={"x": left + 4, "y": top + 2 * high + 4})
    expect(canvas).to_have_attribute("data-hovered", "2,0")
    expect(page.locator(".said")).to_have_text(re.compile("L2 H0 · entropy 4.25"))
    canvas.click(position={"x": left + wide + 4, "y": top + 4})
    expect(canvas).to_have_attribute("data-picked", "0,1")
