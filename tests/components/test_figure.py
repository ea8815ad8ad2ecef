import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import watched_page
from tests.waiting import frames

pytestmark = pytest.mark.browser


def drawn(page, times=1):
    plot = page.locator(".pv-plot")
    expect(plot).to_have_attribute("data-painted", str(times))
    return plot


def next_step(page):
    page.get_by_test_id("stSlider").locator("input").focus()
    page.keyboard.press("ArrowRight")


def test_a_click_on_a_heatmap_returns_its_cell(demo):
    page = demo("show=figure")
    area = drawn(page).locator(".nsewdrag").bounding_box()
    x = area["x"] + 10.5 / 36 * area["width"]
    y = area["y"] + (24 - 5.5) / 24 * area["height"]
    page.mouse.move(x, y)
    page.wait_for_selector(".hovertext")  # plotly clicks on what it has found under the pointer
    page.mouse.click(x, y)
    expect(page.get_by_text("figure clicked {'row': 5, 'col': 10, 'curve': 0}")).to_be_visible()
    nothing_goes_to_the_cloud(page.locator(".pv-plot"))


def nothing_goes_to_the_cloud(plot):
    titles = [button.get_attribute("data-title") for button in plot.locator(".modebar-btn").all()]
    assert titles
    assert not [title for title in titles if "share" in title.lower() or "cloud" in title.lower()]


def test_a_figure_is_as_wide_as_its_place_when_that_becomes_narrower(demo):
    page = demo("show=figure")
    plot = drawn(page)
    before = plot.locator(".main-svg").first.bounding_box()["width"]
    narrow = round(before / 2)
    page.locator(".pv-figure").evaluate("(box, to) => { box.style.width = `${to}px` }", narrow)
    expect(plot.locator(".main-svg").first).to_have_attribute("width", str(narrow))
    page.locator(".pv-figure").evaluate("(box) => { box.style.width = '' }")
    expect(plot.locator(".main-svg").first).to_have_attribute("width", str(round(before)))


def test_the_zoom_outlives_new_data_and_the_plot_goes_with_its_place(demo):
    page = demo("show=figure")
    plot = drawn(page)
    area = plot.locator(".nsewdrag").bounding_box()
    page.mouse.move(area["x"] + 100, area["y"] + 80)
    page.mouse.down()
    page.mouse.move(area["x"] + 400, area["y"] + 250, steps=5)
    page.mouse.up()
    read = "plot => plot.layout.xaxis.range"
    page.wait_for_function("document.querySelector('.pv-plot').layout.xaxis.range[1] < 30")
    zoomed = plot.evaluate(read)
    next_step(page)
    drawn(page, 2)
    assert plot.evaluate(read) == zoomed
    assert plot.evaluate("plot => plot.layout.meta.step") == 1
    page.get_by_text("draw", exact=True).click()
    expect(page.locator(".js-plotly-plot")).to_have_count(0)


def test_the_camera_outlives_new_data(demo):
    page = demo("show=figure&kind=surface")
    plot = drawn(page)
    area = plot.bounding_box()
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    read = "plot => JSON.stringify(plot._fullLayout.scene.camera.eye)"
    start = plot.evaluate(read)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 30, steps=6)
    page.mouse.up()
    page.wait_for_function(
        f"start => ({read})(document.querySelector('.pv-plot')) !== start", arg=start
    )
    turned = at_last(plot, read)
    next_step(page)
    drawn(page, 2)
    assert plot.evaluate(read) == turned


def at_last(plot, read):
    """What is read, once it is the same for half a second's frames: the camera glides."""
    before, same = None, 0
    while same < 5:
        frames(plot.page, 6)
        now = plot.evaluate(read)
        before, same = now, same + 1 if now == before else 0
    return before


def test_the_place_is_kept_while_the_library_loads(page, demo):
    page.route("**/plotly.min.js*", lambda route: None)
    box = demo("show=figure").locator(".pv-figure.pv-waiting")
    expect(box).to_be_visible()
    assert box.bounding_box()["height"] == 420


def test_a_library_that_does_not_load_is_said_in_words(room, address):
    with pytest.raises(AssertionError, match=r"plotly\.min\.js"):
        with watched_page(room.new_page()) as page:
            page.route("**/plotly.min.js*", lambda route: route.abort())
            page.goto(f"{address}/?show=figure")
            expect(page.get_by_role("alert")).to_contain_text("its library did not load")
