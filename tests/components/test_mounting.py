"""What every component owes the page: to survive redraws, leave nothing, know dark from light."""

from base64 import b64encode

import pytest
from playwright.sync_api import expect

from phenaki_viz import browser
from phenaki_viz.browser.markup import MARKUP
from phenaki_viz.browser.packing import pack
from phenaki_viz.ui.components.assets import IMPORT
from tests.browser_fixtures import PAINTED, settle, watched
from tests.components.gestures import click_cell, map_canvas, point_until_steady
from tests.waiting import at_rest, eventually

pytestmark = pytest.mark.browser

# Counts what is still listening: observers and keys of the document.
COUNT = """
window.alive = { observers: 0, keys: 0 };
const Observer = window.ResizeObserver;
window.ResizeObserver = class extends Observer {
  constructor(call) { super(call); window.alive.observers += 1; }
  disconnect() {
    super.disconnect();
    window.alive.observers -= this.gone ? 0 : 1;
    this.gone = true;
  }
};
for (const [name, by] of [["addEventListener", 1], ["removeEventListener", -1]]) {
  const own = document[name];
  document[name] = function (kind, ...rest) {
    if (kind === "keydown") window.alive.keys += by;
    return own.call(this, kind, ...rest);
  };
}
"""
CANVASES = "grid map strip"


def draw(page, on: bool):
    page.get_by_text("draw", exact=True).click()
    expect(page.locator(".panel")).to_have_count(3 if on else 0)
    at_rest(page)
    return page.evaluate("({ ...window.alive })")


def test_what_is_taken_off_the_page_leaves_nothing(demo, page):
    page.add_init_script(COUNT)
    demo(f"show={CANVASES}")
    expect(page.locator(".panel")).to_have_count(3)
    without = draw(page, on=False)
    shown = draw(page, on=True)
    assert shown["keys"] == without["keys"] + 1
    assert shown["observers"] >= without["observers"] + 3
    assert draw(page, on=False) == without
    draw(page, on=True)
    assert draw(page, on=False) == without


OVERTAKEN = """async ([html, css, js, data]) => {
  const host = document.body.appendChild(document.createElement("div"));
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `${html}<style>${css}</style>`;
  const { head_grid: draw } = await import(`data:text/javascript;base64,${js}`);
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const call = () => draw({ data: bytes, parentElement: root, setStateValue() {} });
  const cleanups = [call(), call()];
  cleanups[0]();
  host.style.width = "240px";
  await new Promise((done) => setTimeout(done, 200));
  const width = root.querySelector("canvas").clientWidth;
  host.remove();
  cleanups[1]();
  return [width, window.alive.observers];
}"""


def test_the_cleanup_of_an_overtaken_call_leaves_the_component_at_work(page, script):
    sent = script(show="grid").get("bidi_component")[0].proto
    bundle = browser.scripts()[browser.BUNDLE]
    js, data = (b64encode(one).decode() for one in (bundle, sent.bytes))
    page.add_init_script(COUNT)
    page.goto("data:text/html,<body>")
    width, observers = page.evaluate(OVERTAKEN, [sent.html_content, sent.css_content, js, data])
    assert 100 < width <= 240
    assert observers == 0


IN_ANY_ORDER = """async ([shim, packed]) => {
  const { default: draw } = await import(`data:text/javascript;base64,${shim}`);
  const [root, other] = ["div", "div"].map((tag) => document.createElement(tag));
  const call = (at, parentElement) => draw({
    data: Uint8Array.from(atob(packed[at]), (one) => one.charCodeAt(0)).subarray(1), parentElement,
  });
  const shown = [];
  for (const [at, place] of [[1, root], [0, root], [1, root], [0, other], [2, root]]) {
    await call(at, place);
    shown.push(place.dataset.shown ?? "");
  }
  return shown;
}"""
SHOWN = """export const planted = ({ data, parentElement }) => {
  parentElement.dataset.shown = (parentElement.dataset.shown ?? "") + data.at(-9);
};"""


def test_a_call_that_waited_longer_than_a_newer_one_draws_nothing(page):
    """Calls that come before their script is there go on in any order once it is."""
    newer = 2**53  # where a float would not tell it from the next
    sent = [b"?" + pack({}) + bytes([at]) + (newer + at).to_bytes(8, "little") for at in range(3)]
    script = browser.scripts()[browser.BUNDLE] + SHOWN.encode()
    address = f"data:text/javascript;base64,{b64encode(script).decode()}"
    shim = b64encode(IMPORT.format(address=address, name="planted").encode()).decode()
    page.goto("data:text/html,<body>")
    shown = page.evaluate(IN_ANY_ORDER, [shim, [b64encode(one).decode() for one in sent]])
    assert shown == ["1", "1", "11", "0", "112"]


def test_data_that_overtakes_itself_leaves_the_component_at_work(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    page.get_by_test_id("stSlider").locator("input").focus()
    for key in ["ArrowRight"] * 5 + ["ArrowLeft"] * 5:
        page.keyboard.press(key)
    settle(page)
    page.set_viewport_size({"width": 500, "height": 900})

    def is_narrow():
        assert canvas.bounding_box()["width"] < 480

    eventually(is_narrow)
    point_until_steady(canvas, 31, 270)


def test_the_zoom_and_the_pick_come_back_with_the_component(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    click_cell(canvas, 101, 57)
    expect(page.get_by_text("map has (101, 57)")).to_be_visible()
    page.keyboard.press("+")
    expect(canvas).not_to_have_attribute("data-view", "0,320,0,320")
    view = canvas.get_attribute("data-view")
    page.get_by_text("draw", exact=True).click()
    expect(canvas).to_have_count(0)
    page.get_by_text("draw", exact=True).click()
    expect(canvas).to_have_attribute("data-picked", "101,57")
    expect(canvas).to_have_attribute("data-view", view)


def test_every_canvas_can_be_reached_by_tab_and_says_what_it_shows(demo):
    page = demo(f"show={CANVASES}")
    expect(page.locator(".panel")).to_have_count(3)
    reached = set()
    for _ in range(24):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "(() => { let at = document.activeElement;"
            " while (at?.shadowRoot) at = at.shadowRoot.activeElement;"
            " return at?.getAttribute('aria-label') ?? ''; })()"
        )
        reached.add(label.split(" ")[0])
    assert {"Attention", "Video", "Zoom"} <= reached


def test_a_change_of_theme_redraws_the_words(demo):
    page = demo("show=map")
    canvas = map_canvas(page)
    before = canvas.get_attribute("data-painted")
    page.emulate_media(color_scheme="dark")
    expect(canvas).not_to_have_attribute("data-painted", before)
    title = """canvas => {
      const dots = canvas.getContext("2d").getImageData(0, 0, 60, 30).data;
      return Math.max(...dots.filter((_, at) => at % 4 === 0));
    }"""
    assert page.locator("canvas.base").evaluate(title) > 180


def test_lines_are_drawn_with_the_screens_own_dots(browser, address):
    with watched(browser.new_context(device_scale_factor=2)) as page:
        page.goto(f"{address}/?show=map")
        canvas = map_canvas(settle(page))
        width = canvas.bounding_box()["width"]
        assert canvas.evaluate("canvas => canvas.width") == pytest.approx(2 * width, abs=1)


def test_the_script_is_not_sent_with_every_message_and_the_browser_keeps_it(demo, page, script):
    answers = []
    page.on("response", lambda response: answers.append(response))
    demo("show=grid")
    expect(page.locator("canvas")).to_have_attribute("data-painted", PAINTED)
    (served,) = [one for one in answers if f"/phenaki-viz/{browser.digest()}/" in one.url]
    assert served.url.endswith(browser.BUNDLE)
    assert served.body() == browser.scripts()[browser.BUNDLE]
    assert "immutable" in served.headers["cache-control"]
    assert len(script(show="grid").get("bidi_component")[0].proto.js_content) < 300


def test_modules_are_served_as_well_and_import_one_another(demo):
    """What a page takes while the bundle is older than they are."""
    page = demo("show=grid")
    address = f"/phenaki-viz/{browser.digest()}/{browser.INDEX}"
    names = page.evaluate("async (address) => Object.keys(await import(address))", address)
    assert set(MARKUP) <= set(names)
    missing = f"/phenaki-viz/{browser.digest()}/panels/nothing.js"
    assert page.request.get(page.url.split("/?")[0] + missing).status == 404
