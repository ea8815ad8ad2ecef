"""The browser's Back and Forward: what was there is there again, one entry an act."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser_fixtures import settle
from tests.journeys.gestures import slider
from tests.waiting import shown

pytestmark = pytest.mark.browser
HEAD = "layer=2&head=3&row=4&column=5"


def lead_to(page: Page, name: str, path: str) -> Page:
    """Another page, by its name above."""
    page.get_by_test_id("stTopNav").get_by_role("link", name=name).click()
    page.wait_for_url(f"**{path}*")
    return settle(page)


def has(page: Page, link: str) -> None:
    """Once nothing more follows, the address says all of it."""
    settle(page)
    assert all(part in page.url for part in link.split("&")), page.url


def test_back_finds_the_head_and_the_patch_that_the_page_that_is_left_has_too(open_app):
    page = open_app(f"/?{HEAD}")
    shown(page, "L2 H3, self: time 2, row 4, column 5")
    lead_to(page, "Inside a head", "/inside")
    shown(page, "L2 H3 decides")
    has(page, HEAD)  # also of a link that no run but the first has known
    page.go_back()
    shown(page, "L2 H3, self: time 2, row 4, column 5")
    has(page, HEAD)
    page.go_forward()
    shown(page, "L2 H3 decides")
    has(page, HEAD)


def test_a_page_that_was_come_to_again_is_one_step_back_and_whole(open_app):
    link = "extent=3&dt=2&bias_ends=All+%CE%94t"
    page = open_app(f"/position?{link}&depth=1")
    for name, path in (("Masks", "/masks"), ("Position", "/position"), ("Masks", "/masks")):
        lead_to(page, name, path)
    page.go_back()
    page.wait_for_url("**/position?*")
    has(page, link)
    expect(slider(page, "Size, in multiples")).to_have_value("3")
    page.go_back()
    page.wait_for_url("**/masks*")
