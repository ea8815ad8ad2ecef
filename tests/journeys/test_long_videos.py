"""Thousands of tokens in the page: from the whole map to single cells, and what is overtaken."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.ui.state.dial_settings import Settings
from tests.journeys.gestures import the_map
from tests.waiting import PATIENCE, at_rest, eventually, frames

pytestmark = pytest.mark.browser
DIALS = {
    "size": 128, "patch": 8, "frames": 17, "temporal_patch": 1, "heads": 2, "depth": 1,
    "cross": False,
}  # fmt: skip
N = 17 * 16 * 16
LINK = "/?storage=Factored&" + "&".join(f"{name}={value}".lower() for name, value in DIALS.items())


@pytest.fixture(scope="module")
def exact():
    settings = Settings(**DIALS)
    run = run_dialled(settings.config, sample_clip(), read_prompt(""), storage="factored")
    assert run.recording.records[0].map.shape == (1, 2, N, N)
    return run.recording.records[0].map


def zoom_far(page: Page, steps: int = 14) -> None:
    """Into the picked cell, faster than tiles come."""
    for _ in range(steps):
        the_map(page).press("+")
        frames(page, 4)


def pick_middle(page: Page) -> None:
    expect(the_map(page)).to_have_attribute("data-plot", re.compile(r"\d"))
    left, top, width, height = map(float, the_map(page).get_attribute("data-plot").split(","))
    the_map(page).scroll_into_view_if_needed()
    the_map(page).click(position={"x": left + width * 0.4, "y": top + height * 0.6})


def test_from_the_whole_map_to_single_cells(open_app, exact):
    page = open_app(LINK)
    expect(the_map(page)).to_be_visible()
    expect(page.get_by_text("mean of 14 × 14 weights, zoom for each")).to_be_visible()
    expect(page.get_by_text("recomputed where shown", exact=False)).to_be_visible()
    pick_middle(page)
    zoom_far(page)
    expect(page.get_by_text("every weight · ")).to_be_visible()
    query, key = map(int, the_map(page).get_attribute("data-picked").split(","))
    page.mouse.move(1, 1)
    expect(the_map(page)).to_have_attribute("data-query", str(query))
    weight = float(exact.rows(0, 0, [query])[0, key])

    def reads_it():  # tiles may still be on their way
        read = float(the_map(page).get_attribute("data-weight"))
        assert read == pytest.approx(weight, rel=1e-3)

    eventually(reads_it)
    # The view is a few cells of 18 million, and its numbers are drawn.
    r0, r1, _, _ = map(float, the_map(page).get_attribute("data-view").split(","))
    assert r1 - r0 < 10


def test_another_view_overtakes_a_tile_and_the_page_comes_to_rest(open_app):
    page = open_app(LINK + "&head=1")
    expect(the_map(page)).to_be_visible()
    pick_middle(page)
    for _ in range(3):
        zoom_far(page, 5)
        the_map(page).press("0")
    started = time.monotonic()
    zoom_far(page, 6)
    expect(page.get_by_text(re.compile(r"now 1[0-9.]* ×"))).to_be_visible()
    at_rest(page)
    assert time.monotonic() - started < PATIENCE  # all waits together
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    r0, r1, c0, c1 = map(float, the_map(page).get_attribute("data-view").split(","))
    assert r1 - r0 < N / 10 and c1 - c0 < N / 10
    expect(page.get_by_text(re.compile("mean of [23] × [23] weights|every weight"))).to_be_visible()
