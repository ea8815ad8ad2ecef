"""Fixtures for every floor.

The models of the tests are small: a second thread wins nothing, and on a machine with other work
two threads that wait for each other take several times as long. Set before torch is imported.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.browser_fixtures import browser, page, served

__all__ = ["browser", "page", "served"]
