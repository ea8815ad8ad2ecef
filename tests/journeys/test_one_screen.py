"""The Attention page in one window: nothing to scroll for, keys that lead there, one heading."""

import itertools

import pytest
from playwright.sync_api import Page, expect

from tests.waiting import at_rest, eventually, frames, shown

pytestmark = pytest.mark.browser
PICTURES = (".strip", "canvas.top", "canvas[data-tiles]")
LINKS = [
    "/?source=Trained&maps=Cross",
    "/?source=Trained&maps=Self",
    "/?source=Dial&maps=Self",
    "/?source=Dial&maps=Cross",
]


def in_the_window(page: Page) -> None:
    wide, high = page.viewport_size["width"], page.viewport_size["height"]
    for picture in PICTURES:
        box = page.locator(picture).first.bounding_box()
        assert box["x"] >= 0 and box["y"] >= 0, (picture, box)
        assert box["x"] + box["width"] <= wide and box["y"] + box["height"] <= high, (picture, box)
        assert box["width"] > 150 and box["height"] > 80, (picture, box)
    for line in page.locator(".notes p").all():  # whole, not cut
        assert line.evaluate("one => one.scrollWidth <= one.clientWidth + 1"), line.inner_text()


# Words on the last line of each sentence that has more than one.
LAST_LINES = """() => [...document.querySelectorAll(".pv-said p")].flatMap((sentence) => {
  const lines = new Map();
  const walk = document.createTreeWalker(sentence, NodeFilter.SHOW_TEXT);
  for (let text; (text = walk.nextNode()); )
    for (const word of text.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const line = Math.round(range.getBoundingClientRect().bottom / 8);
      lines.set(line, [...(lines.get(line) ?? []), word[0]]);
    }
  return lines.size > 1 ? [[...lines.values()].at(-1).join(" ")] : [];
})"""


def test_no_sentence_ends_in_a_line_of_one_word(open_app, page):
    open_app(LINKS[0])
    shown(page)
    for width in range(1280, 1330, 6):
        page.set_viewport_size({"width": width, "height": 720})
        frames(page)
        found = page.evaluate(LAST_LINES)
        assert all(" " in line for line in found), (width, found)


@pytest.mark.parametrize("link", LINKS)
def test_strip_grid_and_map_are_in_the_window_at_once(open_app, page, link):
    page.set_viewport_size({"width": 1280, "height": 720})
    open_app(link)
    shown(page)
    for width, height in [(1280, 720), (1440, 900)]:
        page.set_viewport_size({"width": width, "height": height})
        eventually(lambda: in_the_window(page))
        assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0


def test_a_narrow_window_folds_the_sidebar_and_shows_the_pictures_first(open_app, page):
    page.set_viewport_size({"width": 800, "height": 1000})
    open_app(LINKS[0])
    shown(page)
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    eventually(lambda: in_the_window(page))
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_the_words_of_the_heading_lead_to_numbers_and_letters_to_pictures(open_app):
    page = open_app("/?layer=1&head=3&step=2&row=1&column=2&depth=2")
    shown(page, "L1 H3, self")
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map((one) => one.tagName)")
    assert levels.count("H1") == 1
    page.locator("h1 .pv-open").last.click()
    field = page.locator("[data-testid=stPopoverBody] .st-key-step input")
    expect(field).to_be_focused()
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.wait_for_url("**step=4**")
    page.keyboard.press("Escape")
    strip = page.locator(".strip").first
    expect(strip).to_have_attribute("data-picked", "4,1,2")  # the address is there before it
    at_rest(page)
    for key, kind in (("g", "Attention of"), ("m", "Attention map."), ("s", "Video frames")):
        page.keyboard.press(key)
        focused = page.locator(f'[aria-label^="{kind}"]').first
        expect(focused).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(strip).to_have_attribute("data-picked", "4,1,3")


CAPTIONS = """() => [...document.querySelectorAll("*")].flatMap((host) =>
  [...(host.shadowRoot ?? document.createElement("i")).querySelectorAll("figcaption")]
).map((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const { left, right, top } = range.getBoundingClientRect();
  return [left, right, top, one.innerText];
})"""


def captions_keep_clear(page: Page) -> list[str]:
    """What stands under the frames, none over another."""
    found = page.evaluate(CAPTIONS)
    assert len(found) >= 5
    for (_, end, line, said), (start, _, other, _) in itertools.pairwise(found):
        assert line != other or start < end - 200 or end + 2 <= start, (said, found)
    return [said for *_, said in found]


def test_what_stands_under_frames_keeps_clear_of_what_stands_beside(open_app, page):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_app(LINKS[0])
    shown(page)
    assert eventually(lambda: captions_keep_clear(page))[0] == "time 0 · frame 0"
    page.set_viewport_size({"width": 800, "height": 1000})
    side = page.get_by_test_id("stSidebar")
    if side.get_attribute("data-collapsed") == "true":
        page.get_by_test_id("stExpandSidebarButton").click()
    expect(side).to_have_attribute("data-collapsed", "false")

    def short() -> None:
        said = captions_keep_clear(page)
        assert said[0] == "time 0" and "…" not in "".join(said), said

    eventually(short)
