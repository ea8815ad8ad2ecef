"""Fixtures for every floor."""

from tests.browser_fixtures import browser, page, served

__all__ = ["browser", "page", "served"]
