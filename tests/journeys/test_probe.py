"""The causality probe, in a browser: a leak is named, a module is picked, and mending closes it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import into_view

pytestmark = pytest.mark.browser
SMALL = "size=32&depth=1&heads=3"
PUBLISHED = f"/masks?source=Dial&layout=C-ViViT&causal=true&peg=true&peg_causal=true&{SMALL}"


def test_the_published_peg_leaks_until_its_layout_is_mended(open_app):
    page = open_app(PUBLISHED)
    leak = page.get_by_text(re.compile("The mask lets no query see a later time step; the PEG of"))
    expect(leak).to_be_visible()
    title = page.get_by_text("Reach of time steps · encoder temporal · ")
    expect(title).to_contain_text("whole transformer")
    into_view(page.get_by_role("combobox", name="Module that is drawn")).click()
    page.get_by_role("option", name="L0 PEG").click()
    expect(title).to_contain_text("L0 PEG")
    table = page.get_by_role("region", name="The modules, in their order")
    expect(table.locator("tr[aria-current]")).to_contain_text("L0 PEG")
    page.get_by_text("PEG layout mended").click()
    sound = page.get_by_text(re.compile("No later time step reaches an earlier one"))
    expect(sound).to_be_visible()
    expect(leak).to_have_count(0)
