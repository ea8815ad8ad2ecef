import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser_fixtures import HEADLESS, settle

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture
def open_app(served, page):
    """The app at a link, settled; the dialled model unless the link names another."""

    def go(path: str = "/") -> Page:
        if "source=" not in path:
            path += ("&" if "?" in path else "?") + "source=Dial"
        page.goto(served(APP) + path)
        return settle(page)

    return go


@pytest.fixture(scope="session", autouse=True)
def browser_is_there():
    if os.environ.get("PHENAKI_VIZ_NEEDS_BROWSER") and not HEADLESS:
        pytest.fail("PHENAKI_VIZ_NEEDS_BROWSER is set and there is no Chromium")
