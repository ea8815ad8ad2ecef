"""Whether the browser has painted the map of a run: told by a secret address, one for each run."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from phenaki_viz.ui import session
from phenaki_viz.ui.components import asset_routes, painted


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    """A session of its own, with somebody who looks."""
    state: dict = {}
    monkeypatch.setattr(session, "get", state.get)
    monkeypatch.setattr(session, "put", state.__setitem__)
    monkeypatch.setattr(painted, "has_browser", lambda: True)
    return state


def test_each_run_has_an_address_of_its_own_and_keeps_it():
    first = painted.painted_address("run 1")
    assert painted.painted_address("run 1") == first
    assert painted.painted_address("run 2") != first


def test_only_the_word_of_the_run_at_hand_ends_the_wait(kept):
    asked = TestClient(Starlette(routes=asset_routes()))
    before, now = painted.painted_address("run 1"), painted.painted_address("run 2")
    (word,) = kept.values()
    assert asked.get(f"/{before}").status_code == 204 and not word.given.is_set()
    assert asked.get(f"/{now}").status_code == 204 and word.given.is_set()
    painted.wait_for_paint(60)  # at once
