"""Fixtures for every floor.

The models of the tests are small: a second thread wins nothing, and on a machine with other work
two threads that wait for each other take several times as long. Set before torch is imported.
"""

import gc
import os
import sys
from functools import cache

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

from tests.browser_fixtures import browser, page, room, served

# A loaded machine is slow at making up examples; that says nothing about what is tested.
settings.register_profile("loaded", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("loaded")


def pytest_collection_finish() -> None:
    """What a server does once at its start, once for all tests, too."""
    _look_for_components_once()
    _freeze()


def _look_for_components_once() -> None:
    """Each `AppTest` reads what every installed package says of itself, a third of its time."""
    if "streamlit.testing.v1" in sys.modules:
        from streamlit.components.v2 import manifest_scanner as scanner

        scanner.scan_component_manifests = cache(scanner.scan_component_manifests)


def _freeze() -> None:
    """Take what collecting has made out of garbage collection.

    Streamlit collects garbage after every run of a script: half a million objects of 4,000 tests
    and their libraries are a quarter of a second a run.
    """
    gc.collect()
    gc.freeze()


__all__ = ["browser", "page", "room", "served"]
