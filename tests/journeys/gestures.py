"""What a person does on the page: pointing at cells and patches, and what is recorded there."""

import re
from collections.abc import Callable
from functools import cache

import numpy as np
from playwright.sync_api import Locator, Page, expect

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL, digit_clip, read_prompt, sample_clip
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.ui.source.trained import CAPTIONS
from phenaki_viz.ui.state.dial_settings import Settings
from tests.browser_fixtures import PAINTED, into_view, settle
from tests.components.gestures import press
from tests.waiting import until

GRID = (5, 8, 8)  # of the dialled default


def recorded(**dials):
    """The recording of a dialled model, made here."""
    settings = Settings(**dials)
    run = run_dialled(settings.config, sample_clip(), read_prompt(settings.prompt))
    return run.recording


@cache
def model():
    """The shipped one."""
    return open_checkpoint(SHIPPED_MODEL).model


def recorded_trained(module: str):
    """The record of one module of the shipped model, made here."""
    run = run_model(
        model(), digit_clip(CAPTIONS[0]), read_prompt(CAPTIONS[0]), RunOptions(frames=9)
    )
    return next(one for one in run.recording if one.module == module)


def row_of(*place: int) -> int:
    """A patch of the dialled default as a row of its map."""
    return int(np.ravel_multi_index(place, GRID))


def the_map(page: Page) -> Locator:
    return page.locator("canvas.top").first


def the_strip(page: Page) -> Locator:
    strip = page.locator(".strip").first
    into_view(strip)
    expect(strip).to_have_attribute("data-picked", re.compile(r"\d"))
    return strip


def the_grid(page: Page) -> Locator:
    canvas = page.locator("canvas[data-tiles]").first
    into_view(canvas)
    expect(canvas).to_have_attribute("data-tiles", re.compile(r"\d"))
    return canvas


def number(page: Page, label: str) -> Locator:
    """A number of the selection, in the popover that the heading's words open."""
    fields = page.get_by_test_id("stPopoverBody")
    if not fields.count():
        page.locator(".pv-open").first.click()
    return page.get_by_test_id("stNumberInput").filter(has_text=label).locator("input")


def take(page: Page, which: str) -> Locator:
    """The files that a picture can be taken away as; which: map, grid or strip."""
    page.locator(f".st-key-take-{which}").get_by_role("button").click()
    box = page.get_by_test_id("stPopoverBody")
    expect(box.get_by_role("button").first).to_be_visible()
    return box


def slider(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stSlider").filter(has_text=label).locator("input[type=range]")


def cell(page: Page, query: int, key: int, shape: tuple[int, int] = (320, 320)):
    """Where a cell of the map is on the page; null keys may stand apart."""
    shown = the_map(page)
    expect(shown).to_have_attribute("data-painted", PAINTED)
    left, top, width, height = map(float, shown.get_attribute("data-plot").split(","))
    gap = float(shown.get_attribute("data-gap"))
    box = shown.bounding_box()
    x = (key + 0.5) * (width - gap) / shape[1] + (gap if gap and key >= 2 else 0)
    return box["x"] + left + x, box["y"] + top + (query + 0.5) * height / shape[0]


def point(page: Page, query: int, key: int, shape: tuple[int, int] = (320, 320)) -> float:
    """The weight that is read where one points at a cell of the map."""
    shown = into_view(the_map(page))

    def read() -> list[str | None]:
        return [shown.get_attribute(f"data-{name}") for name in ("query", "key")]

    asked = [str(query), str(key)]
    until(page, lambda: page.mouse.move(*cell(page, query, key, shape)), lambda: read() == asked)
    return float(shown.get_attribute("data-weight"))


def click_cell(page: Page, query: int, key: int, shape: tuple[int, int] = (320, 320)) -> None:
    """Click on a cell of the map, once it is the one that is read under the pointer."""
    point(page, query, key, shape)
    press(page)


def click_found(page: Page, where: Callable[[], tuple[float, float]]) -> None:
    """Click there on a figure, once plotly has found under the pointer what it clicks on."""
    named, at = page.locator(".hovertext"), [(0.0, 0.0)]

    def go() -> None:
        at[0] = where()
        page.mouse.move(*at[0])

    # What comes above it moves the figure on.
    until(page, go, lambda: named.count() > 0 and where() == at[0])
    press(page)


def place_of(page: Page, frame: int, h: int, w: int) -> tuple[float, float]:
    """Where a patch of the dialled default is in a frame of the strip."""
    box = page.locator(".strip").first.locator(".frames canvas").nth(frame).bounding_box()
    return box["x"] + (w + 0.5) * box["width"] / 8, box["y"] + (h + 0.5) * box["height"] / 8


def to(page: Page, frame: int, h: int, w: int) -> None:
    """Move the pointer onto a patch, however the page still moves."""
    strip = page.locator(".strip").first
    until(
        page,
        lambda: page.mouse.move(*place_of(page, frame, h, w)),
        lambda: (strip.get_attribute("data-patch") or "").endswith(f",{h},{w}"),
    )


def click(page: Page, *patch: int, shift: bool = False) -> None:
    """Click on a patch."""
    to(page, *patch)
    if shift:
        page.keyboard.down("Shift")
    press(page)
    if shift:
        page.keyboard.up("Shift")


def again(page: Page) -> str:
    """Open the page's own link anew; returns the link."""
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    settle(page)
    return link
