"""Waiting for what is shown: for a picture that says it is the one, never for time to pass."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from playwright.sync_api import Error, Locator, Page, expect

from tests.browser_fixtures import PATIENCE as PATIENCE
from tests.browser_fixtures import settle

T = TypeVar("T")


def shown(page: Page, words: str = "") -> Locator:
    """The heading with these words, once every picture that it speaks of is painted and is of it.

    Words of a heading change with its first picture, and the others say that they are older: so
    what is read from a picture after this is what the heading says.
    """
    said = page.locator('.pv-said[data-agrees="true"]').filter(has=page.locator("h1, h2, h3"))
    found = said.filter(has_text=words) if words else said
    expect(found.first).to_be_visible(timeout=1000 * PATIENCE)
    return found.first


@contextmanager
def another(page: Page) -> Iterator[None]:
    """Around what changes what is looked at: ends when other pictures are there, all of them.

    For changes that the heading does not name, such as another model.
    """
    before = shown(page).get_attribute("data-shows")
    yield
    after = page.locator(f'.pv-said[data-agrees="true"]:not([data-shows="{before}"])')
    found = after.filter(has=page.locator("h1, h2, h3")).first
    expect(found).to_be_visible(timeout=1000 * PATIENCE)


def eventually(check: Callable[[], T]) -> T:
    """The result of `check` once it does not fail any more: for what has to be counted, measured.

    An element that is being drawn anew is waited for.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return check()
        except (AssertionError, Error, TypeError):
            if time.monotonic() > until:
                raise
        time.sleep(0.03)


def until(page: Page, act: Callable[[], object], reached: Callable[[], bool]) -> None:
    """Do it again until it has worked: the page may still move under the pointer."""
    end = time.monotonic() + PATIENCE
    while True:
        act()
        frames(page)
        if reached():
            return
        assert time.monotonic() < end, "what was done over and over had no effect"


def frames(page: Page, count: int = 2) -> None:
    """Let the browser paint so many times: what follows an event at once is painted then."""
    page.evaluate(
        """count => new Promise((done) => {
          const next = () => (count-- ? requestAnimationFrame(next) : done());
          next();
        })""",
        count,
    )


def at_rest(page: Page) -> Page:
    """Nothing more follows what was done: painted, and no run of the script on its way."""
    frames(page)
    return settle(page)


def at_full_strength(page: Page) -> Page:
    """At rest, and what was drawn again has lost the paleness that Streamlit gives it meanwhile."""
    at_rest(page)
    # Chromium may keep a transition that has ended among the animations for as long as nothing
    # else is painted.
    page.wait_for_function(
        """() => !document.querySelector('[data-stale="true"]') &&
          document.getAnimations().every(({ playState, effect }) =>
            playState !== "running" || effect.getTiming().iterations === Infinity)
        """,
        timeout=1000 * PATIENCE,
    )
    return page
