"""The demo page in a browser, and without one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

from tests.browser_fixtures import settle

HERE = Path(__file__).parent


@pytest.fixture
def address(served) -> str:
    """Where the demo page is."""
    return served(HERE / "demo.py")


@pytest.fixture
def demo(page, address) -> Callable[[str], Page]:
    """demo("show=grid") opens the page in the browser."""

    def opened(query: str) -> Page:
        page.goto(f"{address}/?{query}")
        return settle(page)

    return opened


@pytest.fixture
def script() -> Callable[..., AppTest]:
    """script(show="grid") runs the same page without a browser."""

    def ran(**asked: str) -> AppTest:
        at = AppTest.from_file(str(HERE / "demo_page.py"), default_timeout=120)
        for name, value in asked.items():
            at.query_params[name] = value
        return at.run()

    return ran
