"""Nothing blanks, jumps or is named wrongly while one turns the controls."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import moving, settle
from tests.calm import watch, watching
from tests.journeys.gestures import slider, the_map
from tests.waiting import another, shown

pytestmark = pytest.mark.browser
SLOW = Path(__file__).with_name("slow_app.py")
SLOWER = 3  # times: the browser as on a loaded machine
SLOWED = 3  # moves
# Back and forth: some runs are made, some are kept from before.
WAY = ["ArrowLeft", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"]


@pytest.fixture(autouse=True)
def with_motion(page):
    """What fades and slides could blank and jump as well."""
    moving(page)


def slowed(page, rate=SLOWER):
    """The page is there, every widget of it: those follow the first map."""
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": rate})


def move(page, control, moves):
    """The first three on a browser that is slowed down, where the time between two paints is long;
    the others on one that is not, where what overtakes itself shows.
    """
    shown(page)
    handle = slider(page, control)
    handle.evaluate("handle => handle.focus({ preventScroll: true })")
    slowed(page)
    watch(page)
    for at in range(moves):
        if at == SLOWED:
            slowed(page, 1)
        with watching(page) as seen, another(page):
            page.keyboard.press(WAY[at % len(WAY)])
        assert seen.calm, (at, seen)


@pytest.mark.parametrize(
    ("path", "control", "moves"),
    [
        ("/?depth=3", "Heads", 15),
        ("/masks?causal=true", "Heads", 3),
    ],
)
def test_a_slider_move_never_blanks_or_scrolls_the_page(open_app, path, control, moves):
    move(open_app(path), control, moves)


def test_bars_of_long_work_push_nothing_away(served, page):
    """Two runs follow each move, each with its bar."""
    page.goto(served(SLOW) + "/text?source=Trained")
    move(settle(page), "Masked tokens", 3)


def test_a_heading_never_stands_over_the_map_of_another_head(open_app):
    page = open_app("/?depth=2&layer=0&head=0")
    shown(page, "L0 H0")
    slowed(page)
    watch(page)
    for at in range(1, 6):
        with watching(page) as seen:
            page.locator("body").press(".")
            shown(page, f"L0 H{at}")
        assert seen.calm, (at, seen)
        assert f"head {at}" in the_map(page).evaluate("map => map.closest('.panel').dataset.shows")


def test_a_heading_names_the_patch_in_the_paint_in_which_the_strip_shows_it(open_app):
    page = open_app("/?depth=2&layer=1&head=3&step=2&row=1&column=2")
    shown(page, "time 2, row 1, column 2")
    named = page.evaluate(
        """() => {
          const deep = (root, selector) => root.querySelector(selector) ??
            [...root.querySelectorAll("*")].reduce(
              (found, e) => found ?? (e.shadowRoot && deep(e.shadowRoot, selector)), null);
          const strip = deep(document, ".strip");
          strip.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
          return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
            done([strip.dataset.looked, document.querySelector(".pv-said h1").textContent]))));
        }"""
    )
    assert named == ["2.1.3", "L1 H3, self: time 2, row 1, column 3 …"]
