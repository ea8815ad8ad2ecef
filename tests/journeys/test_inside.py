"""Inside a head, in a browser: a weight is picked on a line and on a map, and taken apart."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from phenaki_viz.analysis.term_maps import term_maps
from phenaki_viz.recording import HeadMap
from tests.browser_fixtures import into_view, settle
from tests.journeys.gestures import recorded_trained

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


@pytest.mark.parametrize("kind", ["content", "position"])
def test_a_map_of_the_page_is_taken_away_whole(open_app, kind):
    """Every cell is weighed for the file alone: the page draws fewer."""
    page = settle(open_app(HEAD))
    page.locator(".st-key-take-inside-maps").get_by_role("button").click()
    box = page.get_by_test_id("stPopoverBody")
    box.get_by_text(kind, exact=True).click()
    with page.expect_download() as download:
        settle(page)
        box.get_by_role("button", name="NPZ of a map").click()
    arrays = np.load(download.value.path())
    head = HeadMap(recorded_trained("maskgit.transformer.layers.3.1"), 0, 3)
    np.testing.assert_allclose(arrays["values"], term_maps(head, 180).values[kind], atol=1e-5)
