"""The frame around the pages: contrast, names and width of all, one heading each, `?`, the tour.

Tests that ask the same page stand beside each other: `still` opens it once for them.
"""

import re
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from benchmarks.bytes_received import listen
from phenaki_viz.browser import entry
from phenaki_viz.figures.colour import QUERY_COLOUR
from phenaki_viz.figures.paint import rgb
from phenaki_viz.ui.components.assets import our_script, script_address
from phenaki_viz.ui.components.front import static_file
from tests.browser_fixtures import into_view, settle, watched
from tests.contrast import too_faint
from tests.journeys.conftest import APP
from tests.waiting import PATIENCE, at_full_strength, at_rest, eventually, shown

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# By the page's own policy no script comes from elsewhere: it is handed over as text.
RUN = "rules => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })"
PAGES = {
    "masks": "/masks?source=Trained",
    "attention": "/?source=Trained&maps=Cross",
    "sampling": "/sampling?source=Trained&decoding=4",
    "heads": "/heads?source=Trained&maps=Self",
    "tracks": "/tracks?source=Trained&maps=Self",
    "inside": "/inside?source=Trained&maps=Self",
    "whatif": "/whatif?source=Trained",
    "compare": "/compare?source=Trained",
    "position": "/position?source=Trained",
    "train": "/train?source=Trained",
    "training": "/train?source=Dial&depth=1",
    "figure": "/figure?source=Trained",
    "text": "/text?source=Trained",
}
LARGE = {"width": 1440, "height": 900}
# The pages of the widest rows: on how narrow windows they are looked at, too (1.4.10, reflow).
NARROW = {"attention": (800, 390), "text": (800,), "sampling": (800,), "train": (800,)}
# Megabytes of scripts, styles and fonts beside plotly.js, which comes when a figure does, and of
# messages, that a first load may have. At cc5d171, before most pages were written: 3.4 and 0.5.
MOST = dict.fromkeys(PAGES, 1.6) | {"heads": 1.8, "figure": 2.2}
MOST_MESSAGES = 0.7
TABLES = r"/DataFrame\.|/arrowFormatUtils\."  # 1.3 MB of script: of the page that sorts its table
BLUE = "rgb({}, {}, {})".format(*rgb(QUERY_COLOUR))  # of the patch that is looked from
CHOICES_FIT = 800  # no choice has an end out of sight from this width on


@pytest.fixture(scope="module")
def still(browser, served):
    """still(name) is that page of the app, where nothing moves; as it is, if it is open already."""
    with watched(browser.new_context(viewport=LARGE, reduced_motion="reduce")) as page:
        opened, asked, received = [], [], listen(page)
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))

        def look(name):
            page.emulate_media(color_scheme="light")
            fresh = opened != [name]
            if fresh:
                page.goto("about:blank")
                asked.clear(), received.clear()
                page.goto(served(APP) + PAGES[name])
                opened[:] = [name]
            settle(page)
            # No picture says anything there before it has begun.
            if name not in ("training", "whatif", "figure"):
                shown(page)
            if fresh:
                page.wait_for_load_state("networkidle")
                look.loads[name] = Load(frozenset(asked), sum(received))
            return page

        look.loads = {}
        yield look


class Load(NamedTuple):
    """Paths that a page asked for until it was at rest, and the bytes of its messages."""

    paths: frozenset[str]
    messages: int

    def files(self) -> int:
        """Bytes of the scripts, styles and fonts among them, as they go to a browser."""
        own = [our_script(entry())] if f"/{script_address()}" in self.paths else []
        files = [static_file(path[1:]) for path in self.paths if path.startswith("/static/")]
        return sum(one.size for one in own + files)


def test_pages_stand_in_groups_under_the_name(still):
    page = still("masks")
    said = """() => [...document.querySelectorAll("[data-testid=stTopNav] .rc-overflow-item > div")]
      .map((one) => getComputedStyle(one, "::before").content)"""
    assert [one.strip('"') for one in page.evaluate(said)] == [
        "Look", "none", "none", "Explain", "none", "none", "none", "none", "Architecture", "none",
        "none", "Take away",
    ]  # fmt: skip


def test_a_page_that_keys_have_come_to_has_a_ring(still):
    page = still("masks")
    link = page.get_by_test_id("stTopNavLink").nth(2)
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(link).to_have_css("outline-style", "solid")
    expect(link).to_have_css("outline-width", "2px")


def test_what_a_button_opens_is_no_fainter_than_the_page(still):
    """It is drawn outside of the app's element, where Streamlit's captions have 4.3 : 1."""
    page = still("heads")
    page.get_by_role("button", name="Atlas").click()
    said = page.get_by_test_id("stPopoverBody").get_by_test_id("stCaptionContainer").first
    expect(said).to_have_css("opacity", "0.78")
    page.keyboard.press("Escape")


def test_the_system_s_own_colours_leave_what_is_chosen_and_what_a_colour_says(still):
    page = still("attention")
    page.emulate_media(forced_colors="active")
    try:
        chosen = page.get_by_role("radio", name="Cross", exact=True)
        expect(chosen).to_have_css("outline-style", "solid")
        for sign, colour in ((".strip ~ .foot .bar", "rgb(58, 58, 58)"), (".foot .dot", BLUE)):
            expect(page.locator(sign).first).to_have_css("background-color", colour)
    finally:
        page.emulate_media(forced_colors="none")


def test_a_heading_inside_another_page_cuts_nothing_off(still):
    """At 1280 pixels the heading of a decoding step takes two lines, and the sentence two."""
    page = still("sampling")
    page.set_viewport_size({"width": 1280, "height": 720})
    said = page.locator(".st-key-words-said")
    expect(said.locator("h3")).to_contain_text("decoding step 4")

    def fits_whole():
        assert said.evaluate("(one) => one.scrollHeight <= one.clientHeight")

    eventually(fits_whole)
    page.set_viewport_size(LARGE)


def test_a_page_that_has_nothing_shows_its_title_above_the_reason(page, served):
    page.goto(served(APP) + "/whatif?source=Dial&depth=1")
    why = page.get_by_text("What a head is worth cannot be measured")
    expect(why).to_be_visible(timeout=1000 * PATIENCE)

    def above():  # each is measured at its own moment, and fonts may come in between
        title = page.get_by_role("heading", level=1).bounding_box()
        assert title["y"] + title["height"] <= page.get_by_test_id("stAlert").bounding_box()["y"]

    eventually(above)


@pytest.mark.parametrize("name", ["text", "sampling", "tracks"])
def test_a_word_without_an_end_makes_no_page_wider(page, served, name):
    kind = "" if name == "sampling" else "&maps=Cross"
    page.goto(f"{served(APP)}/{name}?source=Trained&decoding=4{kind}&say={'W' * 300}")
    expect(page.locator(".pv-said h1")).to_contain_text("W" if name == "sampling" else "www")
    settle(page)
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_a_faint_text_is_found(still):
    page = still("masks")
    page.evaluate("document.querySelector('h1').style.opacity = 0.3")
    (found,) = too_faint(page)
    assert "causal, a query may look at" in found
    page.evaluate("document.querySelector('h1').style.opacity = ''")


@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_wcag_aa(still, name):
    page = still(name)
    assert page.evaluate(HEADINGS) == []
    for figure in page.locator(".pv-plot").all():  # drawn when it is nearly in sight
        into_view(figure)
        expect(figure.locator(".main-svg").first).to_be_visible()
    if name not in ("figure", "training"):  # about nothing else; nothing to take away yet
        files_are_behind_icons(page)
    page.evaluate(AXE)
    for scheme, ground in (("light", "rgb(251, 251, 253)"), ("dark", "rgb(16, 20, 27)")):
        page.emulate_media(color_scheme=scheme)
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)
        at_full_strength(page)
        found = page.evaluate(RUN, RULES)["violations"]
        wrong = [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
        assert not wrong, scheme
        eventually(partial(none_is_faint, page))
    if name in NARROW:
        nothing_is_wider_than_the_page(page, NARROW[name])


def test_no_page_is_as_heavy_as_before_or_asks_for_what_others_need(still):
    for name in PAGES:
        if name not in still.loads:
            still(name)
    loads = still.loads
    heavy = {
        name: (files, messages)
        for name, load in loads.items()
        for files, messages in [(load.files() / 1e6, load.messages / 1e6)]
        if files > MOST[name] or messages > MOST_MESSAGES
    }
    assert not heavy
    with_tables = {name for name in PAGES if re.search(TABLES, "\n".join(loads[name].paths))}
    assert with_tables == {"heads"}


def files_are_behind_icons(page):
    """One at each picture, by a name of its own: no line of formats under any."""
    main = page.get_by_test_id("stMain")
    taken = main.get_by_role("button", name="Take away").all_text_contents()
    assert taken and len(set(taken)) == len(taken), taken
    assert main.get_by_role("button", name="PNG", exact=True).count() == 0


def none_is_faint(page):
    """Soon after a theme is another: a figure takes its colours when the page has its own."""
    assert too_faint(page) == []


def nothing_is_wider_than_the_page(page, narrow):
    """On the window that it has, and on narrow ones, with the sidebar folded as they open."""
    page.emulate_media(color_scheme="light")
    at_rest(page)
    eventually(partial(fits, page, LARGE["width"]))
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.hover()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    for width, scheme in zip(narrow, ("dark", "light"), strict=False):
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)
        at_rest(page)
        eventually(partial(fits, page, width))
    page.set_viewport_size(LARGE)
    page.get_by_test_id("stExpandSidebarButton").click()  # remembered from page to page
    expect(sidebar).to_have_attribute("data-collapsed", "false")


def fits(page, width):
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    if width < CHOICES_FIT:
        return
    choices = page.get_by_role("radiogroup")
    wide = choices.evaluate_all(  # but those of a sidebar that is folded away
        "all => all.filter(e => e.scrollWidth > e.clientWidth + 1"
        " && e.getBoundingClientRect().right > 0)"
    )
    assert choices.count() > 0 and not wide


# One h1 in the page's own part, and no level that is left out below it.
HEADINGS = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  const levels = [...main.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => +one.tagName[1]);
  const wrong = levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1);
  return levels.filter((level) => level === 1).length === 1 && !wrong.length ? [] : levels;
}"""


def test_a_term_says_what_it_means_where_it_stands(still):
    page = still("text")
    term = page.locator(".pv-said abbr", has_text="null key").first
    assert "reads nothing of the video or the text" in term.get_attribute("title")


def test_a_cell_of_the_word_table_leads_to_its_head(still):
    page = still("text")
    shown(page, "reads “two”")
    cell = page.get_by_role("button", name="moving, L3: H0 reads it more")
    cell.click()
    shown(page, "L3 H0 reads “moving” more where there is something")
    expect(page.get_by_role("radio", name="moving", exact=True)).to_have_attribute(
        "aria-checked", "true"
    )
    page.wait_for_url("**word=3**")
    expect(cell).to_have_attribute("aria-pressed", "true")


def test_the_question_mark_opens_keys_words_and_the_tour(still):
    """The last of this page: a letter is left in its prompt."""
    page = still("text")
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


def test_the_tour_is_offered_once_and_goes_by_links(page, served):
    """On what the app opens on, without a word in the link: the trained model."""
    page.set_viewport_size(LARGE)
    page.goto(served(APP))
    settle(page)
    shown(page)
    expect(page.get_by_test_id("stMain").get_by_text("random weights")).to_have_count(0)
    expect(page.get_by_test_id("stSidebar").get_by_text("trained on moving")).to_be_visible()
    page.get_by_role("button", name="New here?").click()
    stop = page.get_by_role("region", name="Tour")
    for at, said in enumerate(STOPS, 1):
        expect(stop).to_contain_text(f"Tour · {at} of 5", timeout=1000 * PATIENCE)
        shown(page, said)
        assert right_edge(stop) <= right_edge(page.get_by_test_id("stSidebar"))  # no picture behind
        stop.get_by_role("button", name="Done" if at == 5 else "Next").click()
    expect(stop).to_be_hidden()
    page.reload()
    settle(page)
    shown(page)
    expect(page.get_by_role("button", name="Keys, words and a tour")).to_be_visible()
    expect(page.get_by_role("button", name="New here?")).to_have_count(0)


def right_edge(found):
    box = found.bounding_box()
    return box["x"] + box["width"]


STOPS = ("L1 H3", "L1 H1", "L1 H3 reads “two”", "“two moving right quickly”", "MaskGit H3")
