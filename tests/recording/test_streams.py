"""Rows in kept memory, read on all cores: right for any grid, and nothing goes on when stopped."""

import math
import threading

import numpy as np
import pytest
import torch

from phenaki_viz.analysis.ledger import term_shares
from phenaki_viz.analysis.measures import head_statistics
from phenaki_viz.models import Attention
from phenaki_viz.numerics import crew
from phenaki_viz.numerics.crew import side_by_side
from phenaki_viz.numerics.offsets import OffsetBias, gather_pairs
from phenaki_viz.recording import FactoredMap, HeadMap, record, streams
from phenaki_viz.recording.streams import stream_of


@pytest.mark.parametrize("grid", [(7,), (3, 5), (2, 3, 5), (2, 2, 3, 2)])
def test_a_table_is_put_for_any_queries_and_planes_of_keys(grid):
    surface = torch.randn(2, *(2 * size - 1 for size in grid))
    bias, whole, n = OffsetBias(surface, grid), gather_pairs(surface, grid), math.prod(grid)
    plane = n // grid[0]
    runs = (0, n), (1, n - 1), (n // 2, n), (n - 1, n), (2, 3)
    scattered = np.random.default_rng(0).permutation(n)[: n // 2]
    for queries in (*(slice(*run) for run in runs), scattered):
        for planes in (slice(0, grid[0]), slice(1, 2)):
            wanted = whole[1, queries, planes.start * plane : planes.stop * plane]
            out = np.full(wanted.shape, np.nan, np.float32)
            bias.put(1, queries, planes, out)
            np.testing.assert_array_equal(out, wanted)


def test_a_map_without_a_bias_is_streamed_as_well(monkeypatch):
    monkeypatch.setattr(streams, "KEYS", 16)
    torch.manual_seed(0)
    model = Attention(16, heads=2, dim_head=8).eval()
    with torch.no_grad(), record(model, storage="factored") as recording:
        model(torch.randn(1, 45, 16))
    held = recording[0].map
    assert held.nulls == 0 and held.bias is None
    weights, sums = stream_of(held, 0, 1).read(slice(3, 40))
    np.testing.assert_allclose(weights, held.tile(0, 1, (3, 40), (0, 45)), atol=1e-6)
    assert np.isfinite(sums.spread).all() and (sums.weighted_logs < 0).all()


def test_rows_that_are_no_distribution_are_told_and_not_warned_of():
    torch.manual_seed(0)
    q, k = torch.randn(2, 1, 2, 30, 8)
    sums = (q @ k.mT).logsumexp(dim=-1)
    sums[0, 0, 4], sums[0, 0, 9] = torch.nan, -1e30
    bias = OffsetBias(torch.zeros(2, 3, 5, 9), (2, 3, 5))
    held = FactoredMap(q=q, k=k, logsumexp=sums, bias=bias)
    weights, told = stream_of(held, 0, 0).read(slice(0, 30))
    assert held.wrong_rows(0, 0).tolist() == [4, 9]
    assert np.isfinite(np.delete(weights, [4, 9], axis=0)).all()
    assert np.isfinite(np.delete(told.spread, [4, 9])).all()


def test_parts_are_done_side_by_side_in_their_order_on_one_thread_each():
    before, threads = torch.get_num_threads(), set()

    def work(part):
        threads.add(threading.current_thread().name)
        return part, torch.get_num_threads()

    found = list(side_by_side(work, range(20)))
    assert [part for part, _ in found] == list(range(20))
    assert {count for _, count in found} == {1} and torch.get_num_threads() == before
    assert all(name.startswith("crew") for name in threads) and len(threads) <= crew.CORES
    fresh = []
    one = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
    one.start()
    one.join(20)
    assert fresh == [before]


def test_who_stops_begins_no_more_parts_and_errors_come_through():
    begun, go = [], threading.Event()

    def work(part):
        begun.append(part)
        assert part == 0 or go.wait(20)
        return part

    parts = side_by_side(work, range(100))
    assert next(parts) == 0
    go.set()
    assert next(parts) == 1
    parts.close()
    list(side_by_side(int, range(crew.CORES)))  # whatever had begun is over
    assert len(begun) <= 3 + (crew.AHEAD + 1) * crew.CORES
    with pytest.raises(ValueError, match="invalid literal"):
        list(side_by_side(int, ["1", "x"]))


def test_position_s_share_of_a_head_that_is_nearly_flat(monkeypatch):
    monkeypatch.setattr(streams, "KEYS", 15)
    torch.manual_seed(3)
    model = Attention(16, heads=2, dim_head=8).eval()
    table = OffsetBias(0.01 * torch.randn(2, 3, 5, 9), (2, 3, 5))
    with torch.no_grad(), record(model, storage="factored") as recording:
        model(torch.randn(1, 30, 16) * 0.01, attn_bias=table)
    head = HeadMap(recording.records[0], 0, 1)
    told = head_statistics(recording.records, [0], ["position"]).mean("position")[0, 1]
    exact = term_shares(head.terms(range(30)))["position"].mean()
    assert told == pytest.approx(exact, abs=1e-4)
