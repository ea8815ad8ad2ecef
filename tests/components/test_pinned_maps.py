"""Pinned heads: one scale, one selection, every number the recording's."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.components import planted
from tests.components.gestures import numbers, runs
from tests.waiting import eventually

pytestmark = pytest.mark.browser


@pytest.fixture
def pinned(demo):
    page = demo("show=pinned")
    canvases = page.locator(".pinned canvas[role=img]")
    expect(canvases).to_have_count(3)
    return page, canvases


def spot(canvas, query, key):
    wide, high = numbers(canvas, "size")
    box = canvas.bounding_box()
    return box["x"] + (key + 0.5) * wide / 320, box["y"] + (query + 0.5) * high / 320


def test_pointing_at_one_reads_all_at_the_same_cell_without_a_rerun(pinned):
    page, canvases = pinned
    page.mouse.move(*spot(canvases.nth(1), 101, 202))
    for at in range(3):
        expect(canvases.nth(at)).to_have_attribute("data-key", "202")
        exact = planted.attention(at, 1)[100:104, 200:204].mean()
        shown = float(canvases.nth(at).get_attribute("data-weight"))
        assert shown == pytest.approx(exact, abs=1e-6)
    expect(page.locator("output.said")).to_contain_text("mean of 4 × 4 weights: L0 H1")
    assert runs(page, "pinned") == 1


def test_a_click_in_one_moves_the_selection_of_all(pinned):
    page, canvases = pinned
    page.mouse.click(*spot(canvases.nth(2), 201, 33))
    expect(page.get_by_text("pinned has (201, 33)")).to_be_visible()
    for at in range(3):
        expect(canvases.nth(at)).to_have_attribute("data-picked", "201,33")
    canvases.nth(0).press("PageDown")
    expect(page.get_by_text("pinned has (265, 33)")).to_be_visible()
    canvases.nth(0).press("ArrowRight")
    canvases.nth(0).press("ArrowUp")
    expect(page.get_by_text("pinned has (264, 34)")).to_be_visible()
    page.get_by_role("button", name="query 8").click()
    expect(canvases.nth(1)).to_have_attribute("data-picked", "8,34")
    assert "time 0, row 1, column 0" in canvases.nth(1).get_attribute("aria-label")


def test_a_head_is_unpinned_by_its_button_and_by_key(pinned):
    page, canvases = pinned
    page.get_by_role("button", name="Unpin L1 H1").click()
    expect(canvases).to_have_count(2)
    expect(page.get_by_text("of [0, 2]")).to_be_visible()
    canvases.nth(0).press("Delete")
    expect(canvases).to_have_count(1)
    expect(canvases.nth(0)).to_have_attribute("data-label", "L2 H1")


def test_they_stand_side_by_side_where_there_is_room(pinned):
    page, canvases = pinned
    tops = [canvases.nth(at).bounding_box()["y"] for at in range(3)]
    assert np.ptp(tops) < 1
    page.set_viewport_size({"width": 360, "height": 900})

    def they_stand_below_each_other():
        boxes = [canvases.nth(at).bounding_box() for at in range(3)]
        assert np.ptp([box["x"] for box in boxes]) < 1
        assert boxes[0]["x"] + boxes[0]["width"] <= 360

    eventually(they_stand_below_each_other)
