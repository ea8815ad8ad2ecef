"""Tracks, in a browser: it opens on a finding, a click moves the start, clicks mark a true path."""

import re
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import into_view
from tests.journeys.gestures import click_found
from tests.waiting import shown

pytestmark = pytest.mark.browser
PATCHES = 6  # a side


def patch(page, panel, row, column):
    """The middle of a patch, as fractions of the picture that the frames are laid out by."""
    width, left, side = PANELS
    across = left + panel % 3 * (1 + 0.06) + (column + 0.5) / PATCHES
    down = panel // 3 * side + (row + 0.5) / PATCHES
    box = into_view(page.locator(".st-key-tracks-picture .nsewdrag").first).bounding_box()
    unit = box["width"] / width
    return box["x"] + across * unit, box["y"] + down * unit


# In frames: all panels across, where the time steps begin, from one row of them to the next.
PANELS = (2 * 1.19 - 0.19 + 2 * 0.06 + 3 * 1.06 - 0.06, 2 * 1.19 - 0.19 + 2 * 0.06, 1.19)


def test_a_word_a_patch_and_a_path_are_followed(open_app, page):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_app("/tracks?source=Trained")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("most where the two is in 5 of 5 time steps (chance 0.25; ")
    page.get_by_role("radio", name="Self", exact=True).click()
    expect(heading).to_contain_text("From the two at time 2, ")
    shown(page)
    click_found(page, partial(patch, page, 4, 2, 4))
    expect(heading).to_contain_text("From the two at time 4, ")
    expect(page).to_have_url(re.compile(r"(?=.*step=4)(?=.*column=4)"))
    page.get_by_text("Mark the true path").click()
    expect(page.get_by_text("Click its patch in each frame")).to_be_visible()
    shown(page)
    click_found(page, partial(patch, page, 0, 5, 0))
    expect(page.get_by_text("Marked in 1 of 5 time steps")).to_be_visible()
    expect(page).to_have_url(re.compile(r"path=0\.5\.0"))
    shown(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Marked in 0 of 5 time steps")).to_be_visible()
    expect(page).not_to_have_url(re.compile("path="))
