"""Heads, in a browser: a row is the head that all pages look at, and the way leads to its map."""

import re
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import into_view, settle
from tests.journeys.gestures import click_found
from tests.waiting import shown, until

pytestmark = pytest.mark.browser
PAGE = "/heads?source=Trained&maps=Self&layer=0&head=1"


def first_of_the_arrows(drag):
    """The middle of the first cell of four by four."""
    box = into_view(drag).bounding_box()
    return box["x"] + box["width"] / 8, box["y"] + box["height"] / 8


def test_a_row_is_the_chosen_head_and_leads_to_its_map(open_app, page):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_app(PAGE)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("16 self heads: 4 spatial, 12 global")
    line = page.locator(".st-key-sentence-head")
    expect(line).to_contain_text("self L0 H1: Looks across time steps (0.7")
    stands_out = line.locator(".pv-lead")
    expect(stands_out).to_have_text("self L0 H1: Looks across time steps")
    table = into_view(page.get_by_test_id("stDataFrame"))
    box = table.bounding_box()
    row = (box["height"] - 2) / 17  # a header and 16 heads, each as high
    table.click(position={"x": 16, "y": row * 12.5})  # the box of the row of L2 H3
    expect(line).to_contain_text("self L2 H3: Stays in its own time step")
    boxes = page.get_by_test_id("stNumberInput")
    expect(boxes.filter(has_text="Layer").locator("input")).to_have_value("2")
    expect(boxes.filter(has_text="Head").locator("input")).to_have_value("3")
    until(page, lambda: None, lambda: "layer=2" in page.url)  # head 3 is what it begins with

    # The other way: the head's number marks its row, which says so to a screen reader too.
    boxes.filter(has_text="Head").get_by_test_id("stNumberInputStepDown").click()
    expect(line).to_contain_text("self L2 H2: Looks across time steps")
    marked = table.locator("[role=row][aria-selected=true]")
    expect(marked).to_contain_text("L2 H2")

    # An arrow is a head as well: a click in its cell, the first of all.
    drag = page.locator(".st-key-heads-self_shifts .nsewdrag").first
    click_found(page, partial(first_of_the_arrows, drag))
    expect(line).to_contain_text("self L0 H0: Looks across time steps")
    table.click(position={"x": 16, "y": row * 11.5})
    expect(line).to_contain_text("self L2 H2: ")

    page.get_by_text("How alike they are").click()
    shown(page)
    expect(page.get_by_text("Jensen–Shannon distance between two heads' rows")).to_be_visible()
    page.get_by_role("link", name=re.compile("Look at self L2 H2")).click()
    settle(page)
    expect(heading).to_contain_text("L2 H2, self")
