"""Means, isolating, pinning and an order of its own on the grid of heads."""

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import PAINTED
from tests.components.gestures import click_tile, numbers, runs, tile_at, to_tile
from tests.waiting import at_rest

pytestmark = pytest.mark.browser
MEANS = "show=grid&layers=3&heads=5&values=1&means=1"


@pytest.fixture
def grid(demo):
    page = demo(MEANS)
    canvas = page.locator("canvas")
    expect(canvas).to_have_attribute("data-painted", PAINTED)
    return page, canvas


def mean_at(canvas, layer, head):
    """The middle of a tile behind the gap before the means."""
    x, y = tile_at(canvas, layer, head)
    return x + 8 * (head == 5), y + 8 * (layer == 3)


def test_means_stand_apart_say_what_they_are_and_are_not_picked(grid):
    page, canvas = grid
    said = page.locator("output.said")
    for tile, words in [
        ((1, 5), "L1, mean over heads · spread"),
        ((3, 2), "mean over layers, H2"),
        ((3, 5), "mean of all heads"),
    ]:
        page.mouse.move(*mean_at(canvas, *tile))
        expect(said).to_contain_text(words)
        page.mouse.click(*mean_at(canvas, *tile))
    at_rest(page)
    assert runs(page, "grid") == 1
    assert "L1 H2" in canvas.get_attribute("aria-label")


def test_a_double_click_isolates_and_escape_brings_all_back(grid):
    page, canvas = grid
    small = numbers(canvas, "tiles")[4]
    to_tile(canvas, 2, 3)
    page.mouse.dblclick(*tile_at(canvas, 2, 3))
    expect(canvas).to_have_attribute("data-alone", "true")
    expect(canvas).to_have_attribute("data-order", "2.3")
    expect(page.get_by_text("arranged Arrangement(alone=True")).to_be_visible()
    assert numbers(canvas, "tiles")[4] > 2 * small
    canvas.press("]")  # the head shown alone follows; there is no layer 3
    canvas.press(",")
    expect(canvas).to_have_attribute("data-order", "2.2")
    canvas.press("Escape")
    expect(canvas).to_have_attribute("data-alone", "false")
    expect(page.get_by_text("arranged Arrangement(alone=False")).to_be_visible()
    expect(page.get_by_text("grid has (2, 2)")).to_be_visible()


def test_four_heads_are_pinned_and_a_fifth_is_refused_in_words(grid):
    page, canvas = grid
    expect(canvas).to_have_attribute("data-pins", "0.0")
    for layer, head in [(0, 1), (1, 1), (2, 1)]:
        click_tile(canvas, layer, head)
        canvas.press("p")
    expect(canvas).to_have_attribute("data-pins", "0.0_0.1_1.1_2.1")
    click_tile(canvas, 2, 4)
    page.get_by_role("button", name="Pin L2 H4").click()
    expect(page.locator("output.said")).to_contain_text("4 heads are pinned: unpin one")
    expect(canvas).to_have_attribute("data-pins", "0.0_0.1_1.1_2.1")
    click_tile(canvas, 0, 1)
    page.get_by_role("button", name="Unpin L0 H1").click()
    expect(canvas).to_have_attribute("data-pins", "0.0_1.1_2.1")
    expect(page.get_by_text("pins=((0, 0), (1, 1), (2, 1))")).to_be_visible()


def test_heads_in_another_order_keep_their_names_and_answer_keys(demo):
    page = demo(f"{MEANS}&sorted=1")
    canvas = page.locator("canvas")
    expect(canvas).to_have_attribute("data-order", "2.1 0.3 1.2 0.0 2.4 1.0")
    canvas.focus()
    canvas.press("ArrowLeft")  # from L1 H2, the third
    expect(canvas).to_have_attribute("data-hovered", "0,3")
    expect(page.locator("output.said")).to_contain_text("L0 H3")
    canvas.press("Enter")
    expect(page.get_by_text("grid has (0, 3)")).to_be_visible()
    canvas.press("ArrowDown")  # nothing below the second of six in rows of five
    expect(canvas).to_have_attribute("data-picked", "0,3")
