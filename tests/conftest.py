"""Fixtures for every floor.

The models of the tests are small: a second thread wins nothing, and on a machine with other work
two threads that wait for each other take several times as long. Set before torch is imported.
"""

import gc
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

from tests.browser_fixtures import browser, page, room, served

# A loaded machine is slow at making up examples; that says nothing about what is tested.
settings.register_profile("loaded", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("loaded")


def pytest_collection_finish() -> None:
    """Take what collecting has made out of garbage collection, as the app does at its start.

    Streamlit collects garbage after every run of a script: half a million objects of 4,000 tests
    and their libraries are a quarter of a second a run.
    """
    gc.collect()
    gc.freeze()


__all__ = ["browser", "page", "room", "served"]
