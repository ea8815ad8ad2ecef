"""Two maps laid on each other: nothing of the same, 1 of strangers, planted changes found."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon

from phenaki_viz.analysis import difference
from phenaki_viz.analysis.alike import heads_alike
from phenaki_viz.analysis.difference import head_distances, laid_maps, row_difference
from phenaki_viz.analysis.divergence import js_distance
from phenaki_viz.analysis.laid import lay
from phenaki_viz.errors import RecordingError, ShapeError
from phenaki_viz.figures.difference_sentences import moved_heading
from phenaki_viz.models import Attention
from phenaki_viz.recording import DenseMap, HeadMap, Places, record
from tests.analysis.planted_heads import SELF, cross_record, recording, self_record
from tests.analysis.records import planted


def dirichlet(*shape, keys=7, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(keys) / 2, shape).astype(np.float32)


def test_the_distance_is_scipy_s_symmetric_and_between_0_and_1():
    one, other = dirichlet(3, 5), dirichlet(3, 5, seed=1)
    found = js_distance(one, other)
    for at in np.ndindex(3, 5):
        assert found[at] == pytest.approx(jensenshannon(one[at], other[at], base=2), abs=1e-6)
    np.testing.assert_array_equal(found, js_distance(other, one))
    assert (found >= 0).all() and (found <= 1).all()
    np.testing.assert_array_equal(js_distance(one, one), 0)


def test_strangers_are_one_apart_and_a_wrong_row_has_no_distance():
    left, right = np.eye(4, dtype=np.float32)[[0, 1, 2]], np.eye(4, dtype=np.float32)[[3, 3, 3]]
    np.testing.assert_allclose(js_distance(left, right), 1)
    right[1] = [np.nan, 0, 1, 0]
    right[2] = [0.5, 0, 0, 0]
    assert np.isnan(js_distance(left, right)).tolist() == [False, True, True]
    with pytest.raises(ShapeError, match="rows of one shape"):
        js_distance(left, right[:, :3])


def two(seeds=(0, 1), **changes):
    """The same two layers of three heads twice, with other weights."""
    return [
        [
            planted(
                dirichlet(1, 3, 5, seed=10 * seed + layer), Places((5, 1, 1), "sequence"),
                module=f"layers.{layer}.1", layer=layer, num_null_kv=2, **changes,
            )
            for layer in range(2)
        ]
        for seed in seeds
    ]  # fmt: skip


def test_a_run_and_itself_do_not_differ():
    run = recording()
    for records in run.stacks().values():
        laid = lay(records, records)
        assert laid.can and laid.missing == ()
        found = head_distances(laid)
        assert len(found.rows) == len(records) * len(records[0].heads)
        assert all(row.mean == 0 and row.most == 0 for row in found.rows)
        for head in range(len(records[0].heads)):
            mine = HeadMap(records[0], 0, head)
            maps = laid_maps(mine, mine, 100)
            known = np.isfinite(maps.difference)
            assert known.any() and not maps.difference[known].any()


def test_means_are_those_of_every_row_and_the_grid_is_in_order():
    one, other = two()
    found = head_distances(lay(one, other))
    grid = found.grid(one, (0, 1, 2))
    assert grid.shape == (2, 3)
    for layer, head in np.ndindex(2, 3):
        rows = js_distance(
            one[layer].map.attn[0, head].numpy(), other[layer].map.attn[0, head].numpy()
        )
        assert grid[layer, head] == pytest.approx(rows.mean(), abs=1e-6)
        row = found.rows[layer * 3 + head]
        assert (row.layer, row.head, row.queries) == (layer, head, 5)
        assert row.farthest == (0, int(rows.argmax())) and row.most == pytest.approx(rows.max())
        assert row.spread == pytest.approx(rows.std(), abs=1e-6)
    assert found.moved_most.mean == pytest.approx(grid.max())
    assert found.median == pytest.approx(np.median(grid))
    assert found.sampled == "5 queries"
    assert np.isnan(found.grid(one, (7,))).all()


def test_the_head_that_was_changed_is_found():
    a, b = self_record(), self_record()
    attn = b.map.attn.clone()
    attn[0, SELF.index("uniform")] = torch.eye(62)[3]
    b = replace(b, map=DenseMap(attn))
    found = head_distances(lay([a], [b]))
    assert found.moved_most.head == SELF.index("uniform")
    wanted = jensenshannon(np.full(62, 1 / 62), np.eye(62)[3], base=2)
    assert found.moved_most.mean == pytest.approx(wanted, abs=1e-6)
    others = [row.mean for row in found.rows if row.head != SELF.index("uniform")]
    assert others == [0] * 7 and found.median == 0
    head = SELF.index("uniform")
    maps = laid_maps(HeadMap(a, 0, head), HeadMap(b, 0, head), 62)
    assert maps.difference[11, 3] == pytest.approx(1 - 1 / 62, abs=1e-6)
    assert maps.difference[11, 4] == pytest.approx(-1 / 62, abs=1e-6)
    np.testing.assert_allclose(maps.difference, maps.other - maps.one, atol=1e-7)
    rows = row_difference(HeadMap(a, 0, head), HeadMap(b, 0, head), [11, 0])
    np.testing.assert_allclose(rows[0], maps.difference[11], atol=1e-7)


@pytest.mark.parametrize("run", [7, 40])
def test_runs_of_rows_change_nothing(run, monkeypatch):
    one, other = two()
    whole = head_distances(lay(one, other))
    monkeypatch.setattr(difference, "RUN", run)
    shares = list(head_distances.steps(lay(one, other)))
    assert shares[-1] == 1 and all(a < b for a, b in pairwise(shares))
    pieces = head_distances(lay(one, other))
    for a, b in zip(whole.rows, pieces.rows, strict=True):
        assert a.mean == pytest.approx(b.mean) and a.farthest == b.farthest


def test_of_a_long_map_evenly_spaced_queries_are_read_and_said():
    one, other = two()
    found = head_distances(lay(one, other), most=3)
    assert found.sampled == "3 of 5 queries, evenly spaced"
    rows = js_distance(one[0].map.attn[0, 0].numpy(), other[0].map.attn[0, 0].numpy())
    assert found.rows[0].mean == pytest.approx(rows[[0, 2, 4]].mean(), abs=1e-6)


def test_cells_are_means_of_what_is_seen_and_wrong_rows_are_marked():
    a, b = two()
    attn = b[0].map.attn.clone()
    attn[0, 1, 4] = np.nan
    other = replace(b[0], map=DenseMap(attn))
    maps = laid_maps(HeadMap(a[0], 0, 1), HeadMap(other, 0, 1), 4)
    assert maps.cells.cell == (2, 2) and maps.difference.shape == (3, 4)
    wanted = (b[0].map.attn - a[0].map.attn)[0, 1].numpy()
    assert maps.difference[0, 1] == pytest.approx(wanted[:2, 2:4].mean(), abs=1e-6)
    assert np.isinf(maps.difference[2]).all() and np.isfinite(maps.one[2]).all()
    assert np.isnan(row_difference(HeadMap(a[0], 0, 1), HeadMap(other, 0, 1), [4])).all()
    found = head_distances(lay(a, [other, b[1]]))
    assert found.rows[1].queries == 4 and np.isfinite(found.rows[1].mean)


def test_what_either_hides_has_no_difference():
    attn = np.tril(np.ones((4, 4), np.float32))
    attn /= attn.sum(axis=1, keepdims=True)
    free = planted(np.full((1, 1, 4, 4), 0.25), Places((4, 1, 1), "sequence"))
    causal = planted(attn[None, None], Places((4, 1, 1), "sequence"), causal=True)
    maps = laid_maps(HeadMap(free, 0, 0), HeadMap(causal, 0, 0), 4)
    later = np.triu(np.ones((4, 4), bool), 1)
    np.testing.assert_array_equal(np.isnan(maps.difference), later)
    assert not np.isnan(maps.one).any()
    assert maps.difference[0, 0] == pytest.approx(0.75)


def test_stored_and_factored_maps_have_the_same_distances_and_differences():
    torch.manual_seed(0)
    attention = Attention(24, heads=3, dim_head=8, num_null_kv=2)
    inputs = torch.randn(2, 1, 11, 24)
    runs = {}
    for storage in ("dense", "factored"):
        for at, x in enumerate(inputs):
            with torch.inference_mode(), record(attention, storage=storage) as found:
                attention(x)
            runs[storage, at] = list(found)
    pairs = {
        (first, second): lay(runs[first, 0], runs[second, 1])
        for first, second in (("dense", "dense"), ("factored", "factored"), ("dense", "factored"))
    }
    means = {
        names: [row.mean for row in head_distances(laid).rows] for names, laid in pairs.items()
    }
    stored = means["dense", "dense"]
    assert min(stored) > 0.01
    for names, laid in pairs.items():
        np.testing.assert_allclose(means[names], stored, atol=1e-5)
        ((a, b),) = laid.pairs
        exact = (runs["dense", 1][0].map.attn - runs["dense", 0][0].map.attn)[0, 2].numpy()
        found = laid_maps(HeadMap(a, 0, 2), HeadMap(b, 0, 2), 13).difference
        np.testing.assert_allclose(found, exact, atol=1e-5)


def test_many_items_of_a_video_all_count():
    """Maps over time, a batch item a patch: every patch of the video has its rows."""
    a = np.stack([np.eye(3)] * 20)[:, None].repeat(2, axis=1)
    b = a.copy()
    b[9, 1] = np.eye(3)[[1, 2, 0]]
    pair = [planted(one, Places((3, 4, 5), "patch")) for one in (a, b)]
    found = head_distances(lay(pair[:1], pair[1:]))
    assert found.rows[0].queries == 60 and found.sampled == "60 queries"
    assert found.rows[0].mean == 0 and found.rows[1].mean == pytest.approx(3 / 60)
    pair = [planted(one[5:12], Places((3, 4, 5), "patch"), batch_items=tuple(range(5, 12)))
            for one in (a, b)]  # fmt: skip
    moved = head_distances(lay(pair[:1], pair[1:])).moved_most
    assert moved.head == 1 and moved.mean == pytest.approx(3 / 21) and moved.farthest == (9, 0)


def test_of_very_many_items_it_is_said_how_many_were_looked_at(monkeypatch):
    """The one that moves is not among them: not every row is the same, as far as is known."""
    monkeypatch.setattr(difference, "MOST_ITEMS", 8)
    a = np.stack([np.eye(3)] * 20)[:, None]
    b = a.copy()
    b[9] = np.eye(3)[[1, 2, 0]]
    one, other = (planted(attn, Places((3, 4, 5), "patch")) for attn in (a, b))
    found = head_distances(lay([one], [other]))
    assert (found.read, found.of) == (24, 60)
    assert found.sampled == "24 of 60 queries, evenly spaced"
    said = "No head changes: every row that was compared is the same in A and B"
    assert moved_heading(found) == said


def test_what_cannot_be_laid_has_no_distance_and_says_why():
    other = replace(cross_record(), words=("seven", "moving", "right"))
    laid = lay([cross_record()], [other])
    with pytest.raises(RecordingError, match="other words: “two” and “seven”"):
        head_distances(laid)
    with pytest.raises(ShapeError, match="62 weights cannot be subtracted"):
        laid_maps(HeadMap(cross_record(), 0, 0), HeadMap(self_record(), 0, 0), 9)
    found = head_distances(lay([cross_record()], [other], by_place=True))
    assert [row.mean for row in found.rows] == [0, 0, 0]


def test_queries_that_see_no_key_do_not_count_as_alike_or_apart():
    """Of a text without null keys that is hidden whole, as guidance does: weights are alike."""
    attn = dirichlet(1, 2, 4, keys=3)
    shown = planted(attn, kind="cross", words=tuple("abc"))
    even = np.full_like(attn, 1 / 3)
    hidden = planted(even, kind="cross", words=tuple("abc"), key_mask=np.zeros((1, 3), bool))
    for pair in ([shown, hidden], [hidden, hidden]):
        found = head_distances(lay(pair[:1], pair[1:]))
        assert [row.queries for row in found.rows] == [0, 0] and found.moved_most is None
    assert np.isnan(heads_alike([hidden]).distances[0, 1])
    assert heads_alike([shown]).distances[0, 1] > 0
