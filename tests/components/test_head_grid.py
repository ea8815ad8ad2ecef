from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import PAINTED
from tests.components.gestures import click_tile, numbers, runs, to_tile
from tests.waiting import at_rest, eventually

pytestmark = pytest.mark.browser


@pytest.fixture
def grid(demo):
    page = demo("show=grid&layers=3&heads=5&values=1")
    canvas = page.locator("canvas")
    expect(canvas).to_have_attribute("data-painted", PAINTED)
    return page, canvas


def test_pointing_tells_the_head_and_its_number_without_a_rerun(grid):
    page, canvas = grid
    to_tile(canvas, 2, 4)
    expect(page.locator("output.said")).to_contain_text("L2 H4 · spread ")
    expect(page.locator("output.said")).to_contain_text("L1 H2")
    assert runs(page, "grid") == 1


def test_a_click_picks_layer_and_head_in_one_rerun(grid):
    page, canvas = grid
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + 3)  # among the labels: nothing
    click_tile(canvas, 2, 0)
    expect(page.get_by_text("grid has (2, 0) picked (2, 0)")).to_be_visible()
    at_rest(page)
    assert runs(page, "grid") == 2
    assert "Selected: L2 H0" in canvas.get_attribute("aria-label")
    assert "→" not in page.locator(".said").inner_text(), "the pointer is on the picked one"


def test_arrows_move_and_enter_picks(grid):
    page, canvas = grid
    canvas.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(canvas).to_have_attribute("data-hovered", "2,4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("grid has (2, 4)")).to_be_visible()


def test_brackets_and_points_step_from_anywhere(grid):
    page, _ = grid
    page.locator("body").press("]")
    expect(page.get_by_text("grid has (2, 2)")).to_be_visible()
    page.locator("body").press(",")
    expect(page.get_by_text("grid has (2, 1)")).to_be_visible()


def test_a_pick_from_python_is_shown(grid):
    page, canvas = grid
    click_tile(canvas, 2, 3)
    expect(page.get_by_text("grid has (2, 3)")).to_be_visible()
    page.get_by_role("button", name="first head").click()
    expect(canvas).to_have_attribute("data-picked", "0,0")


def test_sixteen_heads_of_twelve_layers_fit(demo):
    page = demo("show=grid&layers=12&heads=16")
    canvas = page.locator("canvas")
    for width, least in [(800, 38), (320, 12)]:
        page.set_viewport_size({"width": width, "height": 1000})
        eventually(partial(it_fits, page, canvas, width, least))
    click_tile(canvas, 11, 15)
    expect(page.get_by_text("grid has (11, 15)")).to_be_visible()


def it_fits(page, canvas, width, least):
    box, panel = canvas.bounding_box(), page.locator(".panel").bounding_box()
    assert box["width"] <= panel["width"] <= width
    assert numbers(canvas, "tiles")[4] >= least


def test_a_single_head_is_no_giant(demo):
    canvas = demo("show=grid&layers=1&heads=1").locator("canvas")
    expect(canvas).to_have_attribute("data-picked", "0,0")
    assert canvas.bounding_box()["width"] < 140
