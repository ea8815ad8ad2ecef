"""What if, in a browser: each head off in turn, then the costliest looked at as a map."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import into_view, settle

pytestmark = pytest.mark.browser
WEIGHED = "Switching self L3 H3 off changes the loss by "
FEW = "/whatif?source=Trained&effect_clips=2&effect_masks=1"


def test_a_head_that_matters_leads_to_its_map(open_app):
    page = open_app(FEW)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(WEIGHED)
    page.get_by_role("button", name="Switch each head off").click()
    swept = page.get_by_role("heading", level=2, name="the loss rises most")
    expect(swept).to_be_visible()
    kind, layer, head = re.search(r"Without (\w+) L(\d) H(\d) ", swept.inner_text()).groups()
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    into_view(table)
    table.click(position={"x": 16, "y": 52})  # the box of the first row: the costliest head
    expect(page.get_by_text(re.compile(f"^{kind} L{layer} H{head}: "))).to_be_visible()
    page.get_by_role("link", name="Look at it").click()
    expect(heading).to_contain_text(f"L{layer} H{head}, {kind}")


def test_a_sweep_can_be_cancelled_and_nothing_is_lost(open_app):
    page = settle(open_app("/whatif?source=Trained&effect_clips=13&effect_masks=8"))
    page.get_by_role("button", name="Switch each head off").click()
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    cancel.click()
    expect(cancel).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text(WEIGHED)
    expect(page.get_by_role("button", name="Switch each head off")).to_be_enabled()


def test_a_change_is_in_force_with_one_click_and_taken_back_with_another(open_app):
    page = open_app(f"{FEW}&effect_hidden=100")
    heading = page.get_by_role("heading", level=1)
    reads = page.get_by_role("button", name="nothing read from other steps")
    reads.click()
    expect(heading).to_contain_text("Nothing read from other steps: ")
    expect(page.get_by_text("Difference", exact=True)).to_be_visible()
    expect(page.get_by_text("point at a cell")).to_have_count(3)
    assert "changes=" in page.url and "other+steps" in page.url.replace("%20", "+")
    expect(reads).to_have_count(1)  # what was offered stays, pale, until the run has ended
    reads.click()
    expect(heading).to_contain_text(WEIGHED)
    assert "changes=" not in page.url
