"""Compare, in a browser: two prompts, one selection, and three numbers of every cell."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser_fixtures import into_view, settle
from tests.waiting import eventually

pytestmark = pytest.mark.browser
NUMBER = re.compile(r"(?:weight|B − A) (−?[\d.]+(?:e−?\d+)?)")


def said(page: Page, name: str) -> float:
    """The number that a map says of the cell that is pointed at."""
    text = page.locator(f".st-key-compare-map-{name} .said b").inner_text()
    return float(NUMBER.search(text)[1].replace("−", "-"))


def in_the_window(page: Page, width: int, height: int) -> None:
    """Heading, heads, both maps and the difference; the frames stand under them where all has no
    room.
    """
    maps = [f".st-key-compare-map-{name} canvas.top" for name in ("a", "b", "difference")]
    for where in ("h1", ".st-key-compare-heads canvas", *maps):
        box = page.locator(where).first.bounding_box()
        assert box["x"] >= 0 and box["y"] >= 0, (where, box)
        assert box["x"] + box["width"] <= width and box["y"] + box["height"] <= height, (where, box)
        assert box["width"] > 150 and box["height"] > 20, (where, box)


def test_two_prompts_are_compared_cell_by_cell(open_app):
    page = settle(open_app("/compare?source=Trained"))
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(
        re.compile(r"L\d H\d changes most: JS distance 0\.\d+; the median")
    )
    page.set_viewport_size({"width": 1280, "height": 720})
    eventually(lambda: in_the_window(page, 1280, 720))
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0
    expect(page.locator(".st-key-compare-side-a p").first).to_contain_text("A “two moving right")
    expect(page.locator(".st-key-compare-side-b p").first).to_contain_text("B “five moving right")
    # A cell is pointed at on the difference: all three maps say their number of it.
    cell = into_view(page.locator(".st-key-compare-map-difference canvas.top"))
    left, top, wide, high = map(float, cell.get_attribute("data-plot").split(","))
    at = {"x": left + 10.5 / 180 * wide, "y": top + 30.5 / 180 * high}
    cell.hover(position=at)

    def agree():
        a, b, between = (said(page, name) for name in ("a", "b", "difference"))
        assert between == pytest.approx(b - a, abs=2e-4)

    eventually(agree)
    # It is picked: every picture and sentence is of that patch.
    cell.click(position=at)
    patch = page.locator(".st-key-sentence-patch")
    expect(patch).to_contain_text("self: time 0, row 5, column 0")
    for name in ("a", "b", "difference"):
        strip = page.locator(f".st-key-compare-strip-{name} .strip")
        expect(strip).to_have_attribute("data-picked", "0,5,0")
    # Another head stays chosen, in the link too, until the page is asked to lead again.
    grid = into_view(page.locator(".st-key-compare-heads canvas"))
    box = grid.bounding_box()
    grid.click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.2})
    expect(patch).to_contain_text("L0 H3, self")
    expect(page).to_have_url(re.compile(r"[?&]follow=false"))
    expect(patch).to_contain_text("looks where it did")
    page.get_by_role("button", name="The head that changes most").click()
    expect(patch).not_to_contain_text("L0 H3, self")
    # Another text in B: words first, and pictures of the same.
    box = page.get_by_role("textbox", name="B's prompt")
    box.fill("nine moving left")
    box.press("Enter")
    expect(page.locator(".st-key-compare-side-b p").first).to_contain_text("“nine moving left”")
    expect(page).to_have_url(re.compile(r"[?&]with_say=nine"))
    page.get_by_role("radio", name="Cross").click()
    expect(heading).to_contain_text("cannot be subtracted: their keys are other words: A's text")
    expect(page.locator(".st-key-compare-map-difference")).to_have_count(0)
