"""Reading attention by pointing: the film strip of the Attention page, as a person uses it."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from phenaki_viz.export import read_provenance
from tests.browser_fixtures import WIDE, into_view, settle, watched
from tests.components.gestures import drawn, press
from tests.history import values_of, were_shown
from tests.journeys.conftest import APP
from tests.journeys.gestures import (
    again,
    click,
    place_of,
    point,
    recorded,
    recorded_trained,
    row_of,
    take,
    the_map,
    the_strip,
    to,
)
from tests.waiting import PATIENCE, at_rest, eventually, frames, shown, until

pytestmark = pytest.mark.browser


def test_pointing_previews_a_click_holds_and_escape_releases(open_app):
    page = open_app("/?layer=1&head=3")
    strip, exact = the_strip(page), recorded().records[2].map.full(0, 3)
    expect(strip).to_have_attribute("data-follows", "true")
    to(page, 3, 4, 6)
    expect(strip).to_have_attribute("data-looked", "2.4.6")
    own = row_of(2, 4, 6)
    assert float(strip.get_attribute("data-weight")) == pytest.approx(exact[own, own], abs=1e-6)
    click(page, 3, 4, 6)
    page.wait_for_url("**row=4**")
    expect(strip).to_have_attribute("data-locked", "true")
    shown(page, "time 2, row 4, column 6")
    to(page, 7, 1, 1)
    expect(strip).to_have_attribute("data-looked", "2.4.6")
    read = float(strip.get_attribute("data-weight"))
    assert read == pytest.approx(float(exact[own, row_of(4, 1, 1)]), abs=1e-6)
    page.keyboard.press("Escape")
    expect(strip).to_have_attribute("data-follows", "true")
    map_and_strip_show_the_same_query_and_key(page, strip)


def map_and_strip_show_the_same_query_and_key(page, strip):
    point(page, row_of(1, 2, 3), row_of(3, 6, 5))
    expect(strip).to_have_attribute("data-guides", re.compile("query 1,2,3 key 3,6,5"))
    press(page)
    expect(strip).to_have_attribute("data-picked", "1,2,3")
    expect(strip).to_have_attribute("data-key", "3,6,5")
    page.wait_for_url(f"**key={row_of(3, 6, 5)}**")
    shown(page, "time 1, row 2, column 3")


def test_several_patches_are_chosen_and_a_link_restores_all_of_it(open_app):
    page = open_app("/?layer=1&head=3&step=2&row=5&column=2")
    strip = the_strip(page)
    expect(strip).to_have_attribute("data-locked", "true")  # the link names a patch
    click(page, 7, 3, 3, shift=True)
    page.wait_for_url("**also=4.3.3**")
    page.get_by_label("How several patches are put together").select_option("sum")
    page.wait_for_url("**combine=sum**")
    page.get_by_label("Way of the walk").select_option("row")
    page.wait_for_url("**walk=row.3**")
    settle(page)
    exact = recorded().records[2].map.full(0, 3)
    wanted = exact[[row_of(2, 5, 2), row_of(4, 3, 3)], row_of(0, 6, 5)].sum()
    for attempt in ("here", "from the link"):
        to(page, 0, 6, 5)
        expect(strip).to_have_attribute("data-patch", "0,6,5")
        read = float(strip.get_attribute("data-weight"))
        assert read == pytest.approx(float(wanted), abs=2e-6), attempt
        expect(the_map(page)).to_have_attribute("data-also", str(row_of(4, 3, 3)))
        expect(page.get_by_label("Way of the walk")).to_have_value("row")
        again(page)
        shown(page)
        strip = the_strip(page)
        expect(strip).to_have_attribute("data-also", "4.3.3")


def test_pointing_at_a_word_in_the_map_shows_who_reads_it(open_app):
    page = open_app("/?source=Trained&maps=Cross&layer=1&head=3&word=2")
    strip = the_strip(page)
    expect(strip).to_have_attribute("data-word", "2")
    read = float(strip.get_attribute("data-total"))
    exact = recorded_trained("maskgit.transformer.layers.1.2").map.full(0, 3)
    assert read == pytest.approx(exact[:, 2].sum(), rel=1e-4)
    point(page, 91, 4, exact.shape)
    expect(strip).to_have_attribute("data-word", "4")
    assert float(strip.get_attribute("data-total")) == pytest.approx(exact[:, 4].sum(), rel=1e-3)
    press(page)
    page.wait_for_url("**word=4**")
    at_rest(page)
    expect(strip).to_have_attribute("data-word", "4")


def test_a_link_keeps_how_strip_and_map_are_looked_at(open_app):
    page = open_app("/?layer=1&head=3&strip=40-lines&view=64-128-32-96")
    strip = the_strip(page)
    expect(strip).to_have_attribute("data-opacity", "0.4")
    expect(the_map(page)).to_have_attribute("data-view", "64,128,32,96")
    drawn(page, "apart").check()
    page.wait_for_url("**strip=40-lines-apart**")
    drawn(page, "contrast").fill("2.5")
    page.wait_for_url("**strip=40-x2.5-lines-apart**")
    into_view(the_map(page)).focus()
    page.keyboard.press("-")
    page.wait_for_url(lambda url: "view=" in url and "view=64-128" not in url)
    settle(page)
    view = the_map(page).get_attribute("data-view")
    again(page)
    shown(page)
    the_strip(page)
    expect(drawn(page, "apart")).to_be_checked()
    expect(drawn(page, "contrast")).to_have_value("2.5")
    expect(drawn(page, "patch grid")).to_be_checked()
    linked = np.array(the_map(page).get_attribute("data-view").split(","), float)
    np.testing.assert_allclose(linked, np.array(view.split(","), float), atol=0.011)
    into_view(the_map(page)).focus()
    page.keyboard.press("0")
    page.wait_for_url(lambda url: "view=" not in url)


def test_the_walk_plays_with_the_pinned_heads_stops_and_is_taken_away_as_a_gif(open_app):
    page = open_app("/?layer=1&head=3&pins=0.1_1.3&step=2&row=1&column=2&depth=2&walk=frames.8")
    strip = the_strip(page)
    films = page.locator(".pinned .film")  # of the pinned heads: the row over the video
    expect(films).to_have_count(2)
    expect(films.first).to_have_attribute("data-of", f"{row_of(2, 1, 2)},")
    at_rest(page)
    of_strip, of_map = (values_of(one, "data-picked") for one in (strip, the_map(page)))
    of_film = values_of(films.last, "data-of")
    page.get_by_role("button", name="Walk", exact=False).first.click()
    eventually(lambda: were_shown(of_strip, "4,1,2"))
    eventually(lambda: were_shown(of_film, f"{row_of(4, 1, 2)},"))
    eventually(lambda: were_shown(of_map, f"{row_of(0, 1, 2)},"))
    page.get_by_role("button", name="Pause").click()
    step = strip.get_attribute("data-picked").split(",")[0]
    shown(page, f"time {step}, row 1")
    settle(page)
    take(page, "strip").get_by_text("The walk as GIF").click()
    page.get_by_role("button", name="Make the GIF").click()
    ready = page.get_by_role("button", name="Download self_L01_H03_walk_frames.gif")
    with page.expect_download(timeout=1000 * PATIENCE) as download:
        ready.click(timeout=1000 * PATIENCE)
    content = download.value.path().read_bytes()
    with Image.open(io.BytesIO(content), formats=("GIF",)) as film:
        assert film.n_frames == 5
    provenance = read_provenance(content)
    assert (provenance["layer"], provenance["head"], provenance["random_weights"]) == (1, 3, True)


def test_every_page_with_a_strip_is_worked_by_keys_alone(open_app):
    page = open_app("/?source=Trained&maps=Self&layer=1&head=3")
    strip = the_strip(page)
    strip.focus()
    page.keyboard.press("ArrowRight")
    expect(strip).to_have_attribute("data-picked", "2,2,3")
    page.keyboard.press("Shift+ArrowDown")
    expect(strip).to_have_attribute("data-also", "2.3.3")
    page.wait_for_url("**also=2.3.3**")
    page.keyboard.press("Escape")
    expect(strip).to_have_attribute("data-also", "")
    expect(strip).to_have_attribute("aria-label", re.compile("Selected: time 2, row 2, column 3"))


def test_a_finger_taps_a_patch(browser, served):
    context = browser.new_context(viewport={"width": 800, "height": 1000}, has_touch=True)
    with watched(context) as page:
        page.goto(served(APP) + "/?source=Dial&maps=Self&step=2&row=1&column=2")
        settle(page)
        strip = the_strip(page)
        until(
            page,
            lambda: page.touchscreen.tap(*place_of(page, 3, 4, 6)),
            lambda: strip.get_attribute("data-picked") == "2,4,6",
        )
        expect(strip).to_have_attribute("data-picked", "2,4,6")
        page.wait_for_url("**row=4**")


@pytest.fixture
def alone(browser, served):
    """The strip in a process of its own: what is counted there is of this page only."""
    with watched(browser.new_context(viewport=WIDE)) as page:
        page.goto(served(APP) + "/?source=Trained&maps=Self&layer=1&head=3&step=2&row=2&column=2")
        settle(page)
        the_strip(page)
        yield page


def test_nothing_piles_up_over_many_clicks(alone):
    page = alone
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def kept() -> dict[str, float]:
        at_rest(page)
        frames(page, 30)  # what the browser puts off until it has time
        for _ in range(3):
            devtools.send("HeapProfiler.collectGarbage")
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in metrics}

    def clicks(count: int) -> None:
        frames = page.locator(".strip").first.locator(".frames canvas")
        boxes = [frames.nth(at).bounding_box() for at in range(9)]
        for at in range(count):
            box = boxes[(4 * at) % 9]
            place = [(0.1 + 0.37 * at) % 0.9 + 0.05, (0.1 + 0.23 * at) % 0.9 + 0.05]
            page.mouse.click(
                box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"]
            )

    clicks(60)
    first = kept()
    clicks(440)
    last = kept()
    assert last["JSEventListeners"] <= first["JSEventListeners"] * 1.05 + 20
    assert last["Nodes"] <= first["Nodes"] * 1.1 + 200
    assert last["JSHeapUsedSize"] <= first["JSHeapUsedSize"] + 8e6
