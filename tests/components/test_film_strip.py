from functools import partial

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import PAINTED
from tests.components import planted
from tests.components.gestures import coloured, drawn, patch_at, runs
from tests.waiting import at_rest, eventually

pytestmark = pytest.mark.browser


@pytest.fixture
def strip(demo):
    page = demo("show=strip")
    found = page.locator(".strip")
    expect(found).to_have_attribute("data-painted", PAINTED)
    return page, found


def row(layer, t, h, w):
    return planted.attention(layer, 1).reshape(*planted.GRID, *planted.GRID)[t, h, w]


def test_pointing_reads_the_raw_weight_of_the_patch_without_a_rerun(strip):
    page, found = strip
    for frame, patch in [(0, (0, 2, 7)), (4, (2, 5, 4)), (8, (4, 0, 1))]:
        page.mouse.move(*patch_at(page, frame, *patch[1:]))
        expect(found).to_have_attribute("data-patch", ",".join(map(str, patch)))
        shown = float(found.get_attribute("data-weight"))
        assert shown == pytest.approx(row(3, 2, 4, 4)[patch], abs=1e-6)
    assert runs(page, "strip") == 1
    frames_stand_under_their_step(found)


@pytest.mark.parametrize("text", [".title", "output.said"])
def test_words_are_clipped_only_where_they_do_not_fit(strip, text):
    page, found = strip
    box = page.locator(text)
    expect(box).to_have_css("overflow", "visible")
    box.evaluate("box => Object.assign(box.style, { flex: 'none', width: '60px', height: '18px' })")
    expect(box).to_have_css("overflow", "clip")
    page.mouse.move(*patch_at(page, 4, 5, 4))
    expect(found).to_have_attribute("data-patch", "2,5,4")
    expect(box).to_have_css("overflow", "clip")
    box.evaluate("box => box.removeAttribute('style')")
    page.mouse.move(*patch_at(page, 8, 0, 1))
    expect(box).to_have_css("overflow", "visible")


def frames_stand_under_their_step(found):
    captions = found.locator("figcaption").all_inner_texts()
    assert captions[0] == "time 0 · frame 0"
    assert captions[2] == "time 2 · frames 3–4"
    assert found.locator("figure").nth(2).locator(".frames canvas").count() == 2


def test_a_click_asks_for_that_patch_in_one_rerun(strip):
    page, found = strip
    page.mouse.click(*patch_at(page, 7, 1, 6))
    picked = "{'places': [[4, 1, 6]], 'combine': 'mean'}"
    expect(page.get_by_text(f"strip has (4, 1, 6) picked {picked}")).to_be_visible()
    at_rest(page)
    assert runs(page, "strip") == 2
    assert float(found.get_attribute("data-weight")) == pytest.approx(
        row(3, 4, 1, 6)[4, 1, 6], abs=1e-6
    )
    expect(page.locator(".title")).to_contain_text("time 4, row 1, column 6 looks at")


def test_keys_move_the_patch_and_the_step(strip):
    page, found = strip
    found.focus()
    for key, patch in [
        ("ArrowLeft", (2, 4, 3)),
        ("ArrowUp", (2, 3, 3)),
        ("PageDown", (3, 3, 3)),
        ("PageUp", (2, 3, 3)),
    ]:
        page.keyboard.press(key)
        expect(page.get_by_text(f"strip has {patch}")).to_be_visible()


def test_a_patch_from_python_is_shown(strip):
    page, found = strip
    page.get_by_role("button", name="corner patch").click()
    expect(found).to_have_attribute("data-picked", "0,0,0")


def test_the_opacity_is_local_and_outlives_new_data(strip):
    page, found = strip
    drawn(page, "overlay").fill("0.3")
    expect(found).to_have_attribute("data-opacity", "0.3")
    drawn(page, "patch grid").check()
    assert runs(page, "strip") == 1
    page.get_by_test_id("stSlider").locator("input").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("strip runs 2")).to_be_visible()
    expect(found).to_have_attribute("data-opacity", "0.3")
    expect(drawn(page, "patch grid")).to_be_checked()


def test_the_overlay_changes_the_frames_and_can_be_taken_off(strip):
    page, _ = strip
    canvas = page.locator(".strip .frames canvas").nth(3)
    assert coloured(canvas) > 0.3
    drawn(page, "overlay").fill("0")
    expect(page.locator(".strip")).to_have_attribute("data-opacity", "0")
    assert coloured(canvas) < 0.1


def test_keys_that_a_mask_forbids_are_said_to_have_no_weight(demo):
    page = demo("show=strip&causal=1")
    page.mouse.move(*patch_at(page, 8, 3, 3))
    expect(page.locator("output.said")).to_contain_text("no weight")
    assert page.locator(".strip").get_attribute("data-weight") == "NaN"


def test_frames_wrap_and_never_leave_the_page(strip):
    page, _ = strip
    for width, lines in [(1400, 1), (800, 2), (320, 4)]:
        page.set_viewport_size({"width": width, "height": 900})
        eventually(partial(they_fit, page, lines))


def they_fit(page, lines):
    boxes = [box.bounding_box() for box in page.locator(".strip .frames canvas").all()]
    panel = page.locator(".panel").bounding_box()
    assert max(box["x"] + box["width"] for box in boxes) <= panel["x"] + panel["width"] + 1
    assert min(box["width"] for box in boxes) >= 60
    assert len(np.unique([round(box["y"]) for box in boxes])) == lines
