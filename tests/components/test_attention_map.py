import numpy as np
import pytest
from playwright.sync_api import expect

from phenaki_viz.figures.colour import MASKED_COLOUR, WRONG_COLOUR
from phenaki_viz.figures.paint import rgb
from phenaki_viz.ui.components import MapAxis
from tests.browser_fixtures import settle
from tests.components import planted
from tests.components.gestures import (
    cell_at,
    click_cell,
    colour_at,
    map_canvas,
    numbers,
    point_until_steady,
    runs,
)
from tests.waiting import at_rest, eventually, frames

pytestmark = pytest.mark.browser


def weight(canvas) -> float:
    return float(canvas.get_attribute("data-weight"))


def zoom_in(page, canvas, query, key, times=6):
    page.mouse.click(*cell_at(canvas, query, key))
    for _ in range(times):
        page.mouse.wheel(0, -200)
    expect(canvas).not_to_have_attribute("data-view", "0,320,0,320")


def test_the_pointer_reads_the_raw_weight_without_a_rerun(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    for query, key in [(0, 0), (2, 317), (150, 149), (319, 64)]:
        page.mouse.move(*cell_at(canvas, query, key))
        expect(canvas).to_have_attribute("data-query", str(query))
        expect(canvas).to_have_attribute("data-key", str(key))
        assert weight(canvas) == pytest.approx(planted.attention(0, 1)[query, key], abs=1e-6)
    assert runs(page, "map") == 1
    readout_names_the_cell_and_its_multiple(page, canvas)


def readout_names_the_cell_and_its_multiple(page, canvas):
    page.mouse.move(*cell_at(canvas, 2 * 64 + 3 * 8 + 5, 8 + 1))
    said = page.locator("output.said")
    expect(said).to_contain_text("query time 2, row 3, column 5 → key time 0, row 1, column 1")
    value = planted.attention(0, 1)[157, 9]
    multiple = float(said.inner_text().split("· ")[1].split()[0])
    assert multiple == pytest.approx(value * planted.N, rel=0.05)


def test_a_narrow_map_shows_the_number_below_both_names(demo):
    page = demo("show=map")
    page.set_viewport_size({"width": 340, "height": 900})
    canvas, said = map_canvas(page), page.locator("output.said")

    def the_number_is_below():
        point_until_steady(canvas, 157, 9)
        number, box = said.locator("b").bounding_box(), said.bounding_box()
        assert number["y"] - box["y"] > 30, "names on two lines"
        assert number["y"] + number["height"] <= box["y"] + box["height"] + 1

    eventually(the_number_is_below)
    expect(said).to_contain_text("→ key time 0, row 1, column 1")


def test_words_are_named_as_in_python_and_get_broad_columns(demo):
    page = demo("show=map&kind=cross")
    canvas = map_canvas(page)
    wide, high = numbers(canvas, "plot")[2:]
    assert wide / 11 > 30 and high > 300
    axis = MapAxis(title="key", nulls=2, words=planted.WORDS)
    for key in (0, 1, 3, 10):
        page.mouse.move(*cell_at(canvas, 77, key))
        expect(page.locator("output.said")).to_contain_text(f"key {axis.name(key)}")


def test_colours_are_those_of_the_scale_and_flags_have_their_own(demo):
    page = demo("show=map&causal=1&wrong=1")
    map_canvas(page)
    base = page.locator("canvas.base")
    left, top, width, height = numbers(page.locator("canvas.top"), "plot")

    def at(query, key):
        return left + (key + 0.5) * width / 320, top + (query + 0.5) * height / 320

    assert colour_at(base, *at(30, 200)) == list(rgb(MASKED_COLOUR))
    assert np.abs(np.subtract(colour_at(base, *at(17, 30)), rgb(WRONG_COLOUR))).max() < 90
    assert np.max(colour_at(base, *at(200, 3))) < 60
    flags_are_said_not_numbered(page, page.locator("canvas.top"))


def flags_are_said_not_numbered(page, canvas):
    page.mouse.move(*cell_at(canvas, 30, 200))
    expect(page.locator("output.said")).to_contain_text("masked: this query may not read it")
    page.mouse.move(*cell_at(canvas, 17, 40))
    expect(page.locator("output.said")).to_contain_text("not a distribution")


def test_a_click_is_one_rerun_with_its_cell(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    click_cell(canvas, 201, 33)
    expect(page.get_by_text("map has (201, 33)")).to_be_visible()
    expect(page.get_by_text("event {'query': 201, 'key': 33}")).to_be_visible()
    at_rest(page)
    assert runs(page, "map") == 2
    assert "time 3, row 1, column 1" in canvas.get_attribute("aria-label")


def test_keys_move_the_pick(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    canvas.focus()
    for key, cell in [
        ("ArrowDown", "(151, None)"),
        ("ArrowRight", "(151, 0)"),
        ("ArrowRight", "(151, 1)"),
        ("PageDown", "(215, 1)"),
        ("ArrowUp", "(214, 1)"),
        ("Escape", "(214, None)"),
    ]:
        page.keyboard.press(key)
        expect(page.get_by_text(f"map has {cell}")).to_be_visible()


def test_a_pick_from_python_is_shown_once_and_the_browsers_next_one_stands(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    page.get_by_role("button", name="query 7").click()
    expect(canvas).to_have_attribute("data-picked", "7,11")
    click_cell(canvas, 99, 99)
    expect(page.get_by_text("map has (99, 99)")).to_be_visible()
    expect(canvas).to_have_attribute("data-picked", "99,99")
    page.get_by_role("button", name="query 7").click()
    expect(canvas).to_have_attribute("data-picked", "7,11")


def test_the_wheel_zooms_about_the_pointer_and_the_zoom_outlives_new_data(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    before = cell_at(canvas, 100, 220)
    page.mouse.move(*before)
    page.mouse.wheel(0, -300)  # not chosen yet: the page's own
    frames(page)
    assert canvas.get_attribute("data-view") == "0,320,0,320"
    zoom_in(page, canvas, 100, 220)
    after = cell_at(canvas, 100, 220)
    assert np.abs(np.subtract(before, after)).max() < 8
    view = canvas.get_attribute("data-view")
    page.get_by_test_id("stSlider").locator("input").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("map runs 3")).to_be_visible()
    point_until_steady(canvas, 101, 221)
    assert weight(canvas) == pytest.approx(planted.attention(0, 2)[101, 221], abs=1e-6)
    assert canvas.get_attribute("data-view") == view


def test_a_zoomed_map_is_panned_by_dragging_which_picks_nothing(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    zoom_in(page, canvas, 160, 160)
    settle(page)
    r0, _, c0, _ = numbers(canvas, "view")
    x, y = cell_at(canvas, 160, 160)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 90, steps=4)
    page.mouse.up()
    frames(page)
    moved = numbers(canvas, "view")
    assert moved[0] > r0 + 5 and moved[2] > c0 + 3
    expect(page.get_by_text("map has (160, 160)")).to_be_visible()
    page.keyboard.press("0")
    expect(canvas).to_have_attribute("data-view", "0,320,0,320")


def test_zooming_a_pooled_map_asks_for_the_exact_cells_and_gets_them(demo):
    page = demo("show=map&coarse=1")
    canvas = map_canvas(page)
    page.mouse.move(*cell_at(canvas, 101, 201))
    expect(page.locator("output.said")).to_contain_text("mean of 4 × 4 cells weight")
    mean = planted.attention(0, 1)[100:104, 200:204].mean()
    assert weight(canvas) == pytest.approx(mean, abs=1e-6)
    zoom_in(page, canvas, 101, 201, times=9)
    expect(page.get_by_text("window (0, 320, 0, 320)")).to_have_count(0)
    point_until_steady(canvas, 103, 202)
    assert weight(canvas) == pytest.approx(planted.attention(0, 1)[103, 202], abs=1e-6)
    page.get_by_role("button", name="query 7").click()
    expect(canvas).to_have_attribute("data-picked", "7,11")
    canvas.dblclick(position={"x": 300, "y": 300})
    expect(page.get_by_text("window (0, 320, 0, 320)")).to_be_visible()
    expect(canvas).to_have_attribute("data-view", "0,320,0,320")


def test_it_follows_the_width_of_the_page(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    for width in (800, 320, 1100):
        page.set_viewport_size({"width": width, "height": 900})
        point_until_steady(canvas, 40, 300)
        box, panel = canvas.bounding_box(), page.locator(".panel").bounding_box()
        assert box["x"] + box["width"] <= panel["x"] + panel["width"] + 1
        wide, high = numbers(canvas, "plot")[2:]
        assert wide == high > 180


def test_a_map_of_few_tokens_stays_small(demo):
    canvas = map_canvas(demo("show=map&kind=temporal"))
    assert numbers(canvas, "plot")[2:] == [220, 220]
