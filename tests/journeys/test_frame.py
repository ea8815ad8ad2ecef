"""The frame around the pages: contrast and names of all, one heading each, `?` and the tour."""

from functools import partial
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.browser_fixtures import into_view, settle, watched
from tests.contrast import too_faint
from tests.journeys.conftest import APP
from tests.waiting import PATIENCE, at_rest, eventually, shown

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# By the page's own policy no script comes from elsewhere: it is handed over as text.
RUN = "rules => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })"
PAGES = {
    "attention": "/?source=Trained",
    "text": "/text?source=Trained",
    "sampling": "/sampling?source=Trained&decoding=4",
    "heads": "/heads?source=Trained&maps=Self",
    "tracks": "/tracks?source=Trained&maps=Self",
    "inside": "/inside?source=Trained&maps=Self",
    "whatif": "/whatif?source=Trained",
    "compare": "/compare?source=Trained",
    "position": "/position?source=Trained",
    "masks": "/masks?source=Trained",
    "train": "/train?source=Trained",
    "training": "/train?source=Dial&depth=1",
    "figure": "/figure?source=Trained",
}


@pytest.fixture(scope="module")
def still(browser, served):
    """A page where nothing moves; the same for every page of the app."""
    settings = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    with watched(browser.new_context(**settings)) as page:
        yield page, served(APP)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_wcag_aa(still, name):
    page, address = still
    page.emulate_media(color_scheme="light")
    page.goto(address + PAGES[name])
    settle(page)
    # No picture says anything there before it has begun.
    if name not in ("training", "whatif", "figure"):
        shown(page)
    assert page.evaluate(HEADINGS) == []
    for figure in page.locator(".pv-plot").all():  # drawn when it is nearly in sight
        into_view(figure)
        expect(figure.locator(".main-svg").first).to_be_visible()
    page.evaluate(AXE)
    for scheme, ground in (("light", "rgb(251, 251, 253)"), ("dark", "rgb(16, 20, 27)")):
        page.emulate_media(color_scheme=scheme)
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)
        at_rest(page)
        found = page.evaluate(RUN, RULES)["violations"]
        wrong = [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
        assert not wrong, scheme
        eventually(partial(none_is_faint, page))


def none_is_faint(page):
    """Soon after a theme is another: a figure takes its colours when the page has its own."""
    assert too_faint(page) == []


# One h1 in the page's own part, and no level that is left out below it.
HEADINGS = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  const levels = [...main.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => +one.tagName[1]);
  const wrong = levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1);
  return levels.filter((level) => level === 1).length === 1 && !wrong.length ? [] : levels;
}"""


def test_a_faint_text_is_found(still):
    page, address = still
    page.goto(address + PAGES["masks"])
    settle(page)
    shown(page)
    page.evaluate("document.querySelector('h1').style.opacity = 0.3")
    (found,) = too_faint(page)
    assert "causal, a query may look at" in found


def test_pages_stand_in_groups_under_the_name(open_app):
    page = open_app("/masks")
    said = """() => [...document.querySelectorAll("[data-testid=stTopNav] .rc-overflow-item > div")]
      .map((one) => getComputedStyle(one, "::before").content)"""
    assert [one.strip('"') for one in page.evaluate(said)] == [
        "Look", "none", "none", "Explain", "none", "none", "none", "none", "Architecture", "none",
        "none", "Take away",
    ]  # fmt: skip


def test_the_question_mark_opens_keys_words_and_the_tour(open_app):
    page = open_app("/text?source=Trained")
    shown(page)
    page.get_by_role("textbox", name="Prompt").press("?")  # a letter of a text is no key
    dialog = page.get_by_role("dialog", name="Keys, words and a tour")
    expect(dialog).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator("h1").first.click()
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("row", name="g to the grid of heads")).to_be_visible()
    expect(dialog.locator("dt", has_text="null key")).to_be_visible()
    expect(dialog.get_by_role("link")).to_have_count(5)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_tour_is_offered_once_and_goes_by_links(open_app, page):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_app("/?source=Trained")
    page.get_by_role("button", name="New here?").click()
    stop = page.get_by_role("region", name="Tour")
    for at, said in enumerate(STOPS, 1):
        expect(stop).to_contain_text(f"Tour · {at} of 5", timeout=1000 * PATIENCE)
        shown(page, said)
        stop.get_by_role("button", name="Done" if at == 5 else "Next").click()
    expect(stop).to_be_hidden()
    page.reload()
    settle(page)
    shown(page)
    expect(page.get_by_role("button", name="Keys, words and a tour")).to_be_visible()
    expect(page.get_by_role("button", name="New here?")).to_have_count(0)


STOPS = ("L1 H3", "L2 H2", "L1 H3 reads “two”", "“two moving right quickly”", "MaskGit H3")


def test_a_cell_of_the_word_table_leads_to_its_head(open_app):
    page: Page = open_app("/text?source=Trained")
    shown(page, "reads “two”")
    cell = page.get_by_role("button", name="moving, L3: H0 reads it more")
    cell.click()
    shown(page, "L3 H0 reads “moving” more where there is something")
    expect(page.get_by_role("radio", name="moving", exact=True)).to_have_attribute(
        "aria-checked", "true"
    )
    page.wait_for_url("**word=3**")
    expect(cell).to_have_attribute("aria-pressed", "true")


def test_a_term_says_what_it_means_where_it_stands(open_app):
    page = open_app("/text?source=Trained")
    shown(page)
    term = page.locator(".pv-said abbr", has_text="null key").first
    assert "reads nothing of the video or the text" in term.get_attribute("title")
