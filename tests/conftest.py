"""Fixtures for every floor.

The models of the tests are small: a second thread wins nothing, and on a machine with other work
two threads that wait for each other take several times as long. Set before torch is imported.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

from tests.browser_fixtures import browser, page, room, served

# A loaded machine is slow at making up examples; that says nothing about what is tested.
settings.register_profile("loaded", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("loaded")

__all__ = ["browser", "page", "room", "served"]
