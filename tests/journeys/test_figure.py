"""A figure for a paper, from loading the page to the file, by the keyboard alone."""

import pytest
from playwright.sync_api import expect

from phenaki_viz.export import read_provenance
from tests.waiting import at_rest, shown

pytestmark = pytest.mark.browser
FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at?.getAttribute("aria-label") || at?.innerText || "";
}"""


def tab_to(page, name, most=120):
    """Press Tab until the focus is on what is called so."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).strip().splitlines()[-1:] == [name]:  # after an icon's name
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


def test_the_keyboard_alone_leads_from_the_page_to_a_figure(open_app, tmp_path):
    page = open_app("/?source=Trained&maps=Self&layer=1&head=3")
    shown(page, "L1 H3")
    tab_to(page, "Figure")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="A figure for a paper")).to_be_visible()
    tab_to(page, "Panels")
    page.keyboard.press("Control+A")
    page.keyboard.type("self L1 H3\nself L0 H0")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("(b) L0 H0 · self attention", exact=False).first).to_be_visible()
    at_rest(page)
    tab_to(page, "SVG")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "figure.svg"
    file = tmp_path / "figure.svg"
    download.value.save_as(file)
    panels = read_provenance(file)["recipe"]["panels"]
    assert [(one["layer"], one["head"]) for one in panels] == [(1, 3), (0, 0)]
