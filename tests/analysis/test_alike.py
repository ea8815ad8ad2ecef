"""Distances between heads: 0 of the same, 1 of those that share no key, and the order."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from phenaki_viz.analysis import alike
from phenaki_viz.analysis.alike import heads_alike
from phenaki_viz.recording import Places
from tests.analysis.planted_heads import recording, self_record
from tests.analysis.records import planted


def rows(layers, heads, seed=0):
    found = np.random.default_rng(seed).dirichlet(np.ones(7) / 2, (layers, heads, 5))
    return [
        planted(one[None], Places((5, 1, 1), "sequence"), module=f"layers.{at}.1", layer=at)
        for at, one in enumerate(found)
    ], found.reshape(-1, 5, 7)


def test_distances_are_those_of_scipy():
    records, maps = rows(2, 3)
    found = heads_alike(records)
    for one in range(6):
        for other in range(6):
            wanted = np.mean([
                jensenshannon(a, b, base=2) for a, b in zip(maps[one], maps[other], strict=True)
            ])  # fmt: skip
            assert found.distances[one, other] == pytest.approx(wanted, abs=1e-4)
    assert found.queries == 5 and sorted(found.order) == list(range(6))


def test_the_same_heads_stand_together_and_strangers_are_one_apart():
    one, other = np.eye(4)[[0] * 4], np.eye(4)[[3] * 4]
    maps = np.stack([one, other, one, other])[None]
    found = heads_alike([planted(maps, Places((4, 1, 1), "sequence"))])
    np.testing.assert_allclose(found.distances[0], [0, 1, 0, 1], atol=1e-6)
    places = {head: at for at, head in enumerate(found.order)}
    assert abs(places[0] - places[2]) == abs(places[1] - places[3]) == 1


@pytest.mark.parametrize("run", [500, 2**21])
def test_runs_of_rows_and_wrong_rows_change_nothing_that_counts(run, monkeypatch):
    whole = heads_alike([self_record()])
    monkeypatch.setattr(alike, "RUN", run)
    np.testing.assert_allclose(heads_alike([self_record()]).distances, whole.distances, atol=1e-6)
    record = self_record()
    record.map.attn[0, 1, 7] = np.nan
    found = heads_alike([record])
    assert np.isfinite(found.distances).all()
    record.map.attn[0, 1] = np.nan
    found = heads_alike([replace(record, call=1)])
    assert np.isnan(found.distances[1, [0, 2, 7]]).all() and len(found.order) == 8


def test_many_batch_items_of_a_video_all_count():
    attn = np.stack([np.eye(3), np.full((3, 3), 1 / 3)] * 10)[:, None].repeat(2, axis=1)
    found = heads_alike([planted(attn, Places((3, 4, 5), "patch"))])
    assert found.queries == 24 and found.order == (0, 1)
    shares = list(heads_alike.steps(recording().records[:1]))
    assert shares[-1] == pytest.approx(1)
