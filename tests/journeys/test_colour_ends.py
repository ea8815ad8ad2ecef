"""The two handles on the map's legend: by key and by drag, in the link, for every picture."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.gestures import again, the_map, the_strip
from tests.journeys.test_export_is_the_view import SMALL
from tests.waiting import at_rest, eventually, shown

pytestmark = pytest.mark.browser


def ends(page: Page) -> list[float]:
    return [float(at) for at in the_map(page).get_attribute("data-ends").split(",")]


def test_an_end_set_by_key_or_drag_rules_strip_and_link_until_it_is_let_go(open_app):
    page = open_app(SMALL + "&pins=0.1")
    shown(page)
    at_rest(page)
    before = ends(page)
    upper = page.get_by_role("slider", name="Upper end of the colours")
    upper.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**ends=0-**")
    at_rest(page)
    by_key = ends(page)
    assert by_key[0] == before[0] == 0 and by_key[1] < before[1]
    assert float(the_strip(page).get_attribute("data-high")) == pytest.approx(by_key[1], rel=1e-5)
    expect(page.locator(".panel:has(.maps) .legend")).to_contain_text("set by hand")

    lower = page.get_by_role("slider", name="Lower end of the colours")
    box = lower.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 12, steps=4)
    eventually(lambda: _rose(page))  # the map follows the hand
    page.mouse.up()
    page.wait_for_url(lambda url: re.search(r"ends=0\.0", url))
    at_rest(page)
    by_hand = ends(page)
    assert by_hand[0] > 0 and by_hand[1] == pytest.approx(by_key[1], rel=1e-4)
    again(page)
    shown(page)
    assert ends(page) == pytest.approx(by_hand, rel=1e-4)
    page.get_by_role("slider", name="Upper end of the colours").focus()
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "ends=" not in url)
    at_rest(page)
    assert ends(page) == pytest.approx(before)


def _rose(page: Page) -> None:
    assert ends(page)[0] > 0
