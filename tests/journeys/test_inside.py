"""Inside a head, in a browser: a weight is picked on a line and on a map, and taken apart."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import into_view, settle

pytestmark = pytest.mark.browser
HEAD = "/inside?source=Trained&maps=Self&layer=3&head=3"


def test_a_weight_is_picked_and_taken_apart(open_app):
    page = settle(open_app(HEAD))
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("L3 H3 decides by position")
    weight = page.locator(".st-key-sentence-weight")
    expect(weight).to_contain_text("Why time 2, row 4, column 2 gets 0.133")
    # A line of the row: its third key.
    line = into_view(page.locator(".st-key-inside-row .bars").first.locator(".point").nth(2))
    line.click(force=True)
    expect(weight).to_contain_text("Why time 2, row 2, column 4 gets 0.05")
    expect(page.locator(".st-key-sentence-sum")).to_contain_text("Key 3 of 180 by weight")
    again = page.get_by_role("button", name="Strongest key")
    into_view(again).click()
    expect(weight).to_contain_text("row 4, column 2 gets 0.133")
    expect(again).to_be_disabled()
    # A cell of the map of position: the words and all four maps follow.
    cell = into_view(page.locator(".st-key-inside-position canvas.top"))
    left, top, wide, high = map(float, cell.get_attribute("data-plot").split(","))
    cell.click(position={"x": left + 0.5 / 180 * wide, "y": top + 0.5 / 180 * high})
    patch = page.locator(".st-key-sentence-patch")
    expect(patch).to_contain_text("L3 H3, self: time 0, row 0, column 0 is decided by")
    expect(weight).to_contain_text("Why time 0, row 0, column 0 gets")
    expect(page.locator(".st-key-inside-weight .said")).to_contain_text("query time 0, row 0")
    # Weight × value length: another map of the same head, in the link.
    page.get_by_role("radio", name="weight × ‖v W_O‖").click()
    expect(page.locator(".st-key-inside-map-weight p")).to_have_text("→ weight × ‖v W_O‖")
    expect(page).to_have_url(re.compile(r"(?=.*[?&]inside_of=)(?=.*[?&]key=0)"))
    # Another head, from the line of all heads: `data-tiles` has left, top and the steps of tiles.
    heads = into_view(page.locator(".st-key-slim-inside canvas"))
    left, top, across, _, tile = map(float, heads.get_attribute("data-tiles").split(","))
    heads.click(position={"x": left + across + tile / 2, "y": top + 14 + tile / 2})
    expect(heading).to_contain_text("L0 H1 decides by")
    expect(page).to_have_url(re.compile(r"(?=.*[?&]head=1)"))
