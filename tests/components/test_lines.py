"""Lines of large maps: what a strip fetches is what it would be sent, and nobody else gets it."""

import gc

import numpy as np
import pytest
import torch
from starlette.applications import Starlette
from starlette.testclient import TestClient

from phenaki_viz import record
from phenaki_viz.analysis.overlay import Overlay
from phenaki_viz.browser.lines import Lines
from phenaki_viz.errors import RecordingError
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.overlays import word_weights
from phenaki_viz.models import CViViT
from phenaki_viz.ui.components import asset_routes, lines
from tests.recording.calls import TOKENS, guided, maskgit, transformer

GRID = (2, 2, 3)


@pytest.fixture(scope="module")
def recording():
    model = maskgit()
    with torch.no_grad(), record(model) as made:
        guided(model)
    return made


def head_of(recording, kind="self", head=1):
    return Head(recording, recording.select(kind=kind, layer=1)[0], 0, head)


def numbers(content, grid=GRID):
    """Uniform weights 'p' and weights 'p t h w' of an answer."""
    found = np.frombuffer(content, "<f4").reshape(-1, 1 + int(np.prod(grid)))
    return found[:, 0], found[:, 1:].reshape(-1, *grid)


@pytest.mark.parametrize("side", ["row", "column"])
def test_lines_are_what_the_page_sends(recording, side):
    head, places = head_of(recording), [(1, 0, 2), (0, 1, 1)]
    uniform, weights = numbers(Lines(head, side).of_places("1.0.2_0.1.1"))
    np.testing.assert_array_equal(weights, Overlay(head.map, places, side).weights)
    expected = [1 / 12, 1 / 12] if side == "row" else [np.nan, np.nan]
    np.testing.assert_allclose(uniform, expected, rtol=1e-6)


def test_readers_of_a_word_are_what_the_page_sends(recording):
    head = head_of(recording, "cross")
    _, (weights,) = numbers(Lines(head, "row").of_word("2"))
    np.testing.assert_array_equal(weights, word_weights(head, 2))


def test_where_keys_are_hidden_a_line_says_so_and_what_is_uniform():
    model = transformer(causal=True)
    with torch.no_grad(), record(model) as made:
        model(TOKENS)
    uniform, (weights,) = numbers(Lines(head_of(made), "row").of_places("3.0.0"), (12, 1, 1))
    assert uniform == 0.25 and np.isnan(weights[4:]).all() and np.isfinite(weights[:4]).all()


def test_a_patch_of_another_frame_is_read_from_the_map_of_that_frame():
    torch.manual_seed(0)
    model = CViViT(
        dim=16, codebook_size=8, image_size=16, patch_size=4, temporal_patch_size=1,
        spatial_depth=1, temporal_depth=1, heads=2, dim_head=8,
    ).eval()  # fmt: skip
    with torch.no_grad(), record(model) as made:
        model(torch.rand(1, 3, 3, 16, 16))
    (one,) = made.select(stack=next(each.stack for each in made if "spatial" in each.stack))
    _, (weights,) = numbers(Lines(Head(made, one, 0, 1), "row").of_places("2.1.3"), (3, 4, 4))
    assert np.isnan(weights[:2]).all()
    np.testing.assert_array_equal(weights[2].ravel(), one.map.rows(2, 1, [7])[0])


@pytest.mark.parametrize("asked", ["", "1.0", "1.0.3", "2.0.0", "-1.0.0", "1.0.2_", "9999999.0.0"])
def test_what_is_no_patch_is_refused(recording, asked):
    with pytest.raises(RecordingError, match="no patch"):
        Lines(head_of(recording), "row").of_places(asked)


@pytest.mark.parametrize("asked", ["", "3x", "99", "-1"])
def test_what_is_no_word_is_refused(recording, asked):
    with pytest.raises(RecordingError, match="no key"):
        Lines(head_of(recording, "cross"), "row").of_word(asked)


def test_too_many_are_refused(recording, monkeypatch):
    monkeypatch.setattr("phenaki_viz.browser.lines.MOST_FLOATS", 20)
    assert Lines(head_of(recording), "row").of_places("0.0.0")
    with pytest.raises(RecordingError, match="2 lines are too many"):
        Lines(head_of(recording), "row").of_places("0.0.0_0.0.1")


@pytest.fixture
def session(monkeypatch):
    state = {}
    monkeypatch.setattr("streamlit.session_state", state)
    return state


@pytest.fixture(scope="module")
def client():
    return TestClient(Starlette(routes=asset_routes()))


def test_a_session_is_answered_at_an_address_that_only_it_knows(recording, session, client):
    head = head_of(recording)
    address = lines.lines_address(head, "row")
    assert lines.lines_address(head_of(recording), "row") == address  # the same head
    assert lines.lines_address(head, "column") != address
    answer = client.get(f"/{address}?at=1.0.2")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    np.testing.assert_array_equal(
        numbers(answer.content)[1], Overlay(head.map, [(1, 0, 2)]).weights
    )
    assert client.get(f"/{address}?at=7.7.7").status_code == 400
    assert client.get(f"/{address}").status_code == 400
    assert client.post(f"/{address}?at=1.0.2").status_code == 405
    assert client.get(f"/{address[:-1]}?at=1.0.2").status_code == 404


def test_with_the_session_its_addresses_go(recording, session, client):
    address = lines.lines_address(head_of(recording), "row")
    session.clear()
    gc.collect()
    assert client.get(f"/{address}?at=1.0.2").status_code == 404


def test_of_a_session_only_the_latest_heads_are_open(recording, session, client):
    first = lines.lines_address(head_of(recording), "row")
    session_heads = [(layer, head) for layer in (0, 1) for head in range(3)]
    for layer, head in session_heads:
        one = recording.select(kind="self", layer=layer)[0]
        for side in ("row", "column"):
            last = lines.lines_address(Head(recording, one, 0, head), side)
    gc.collect()
    assert client.get(f"/{first}?at=1.0.2").status_code == 404
    assert client.get(f"/{last}?at=1.0.2").status_code == 200


def test_with_the_recording_its_addresses_go(session, client):
    model = maskgit()
    with torch.no_grad(), record(model) as made:
        guided(model)
    address = lines.lines_address(head_of(made), "row")
    assert client.get(f"/{address}?at=1.0.2").status_code == 200
    del made
    gc.collect()
    assert client.get(f"/{address}?at=1.0.2").status_code == 404
