"""Top mass, ranks and sinks against planted truths and the definitions written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from phenaki_viz.analysis import row_filter as filters
from phenaki_viz.analysis.row_filter import RowFilter, filtered_tile, highest_weight, tile_ranks
from phenaki_viz.analysis.sinks import sink_keys
from phenaki_viz.analysis.tiles import map_tile
from phenaki_viz.analysis.top_mass import row_ranks, top_keys
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import HeadMap
from tests.analysis.records import planted

ROWS = arrays(np.float32, (3, 7), elements=st.floats(0, 1, width=32))


def softmax(shape, seed=0, sharp=2.0):
    sim = np.random.default_rng(seed).normal(0, sharp, shape)
    attn = np.exp(sim)
    return (attn / attn.sum(-1, keepdims=True)).astype(np.float32)


def test_the_heaviest_keys_that_just_reach_the_mass_are_kept():
    rows = np.array([[0.1, 0.5, 0.25, 0.15], [0.25, 0.25, 0.25, 0.25], [0, 1, 0, 0]], np.float32)
    assert top_keys(rows, 0.75).tolist() == [
        [False, True, True, False],
        [True, True, True, False],
        [False, True, False, False],
    ]
    assert top_keys(rows, 0.76)[0].tolist() == [False, True, True, True]


def test_a_row_that_is_not_finite_is_kept_whole_and_one_without_weight_not_at_all():
    rows = np.array([[np.nan, 0.5, 0.5], [0, 0, 0]], np.float32)
    assert top_keys(rows, 0.9).tolist() == [[True] * 3, [False] * 3]


@pytest.mark.parametrize("mass", [0, -0.1, 1.1, float("nan")])
def test_a_mass_that_is_no_share_is_refused(mass):
    with pytest.raises(ShapeError, match="mass is a share"):
        top_keys(np.ones((1, 2), np.float32), mass)


@given(ROWS, st.floats(0.01, 1))
def test_the_set_reaches_the_mass_and_no_smaller_one_does(rows, mass):
    kept = top_keys(rows, mass)
    for row, keys in zip(rows.astype(np.float64), kept, strict=True):
        total, inside = row.sum(), row[keys].sum()
        assert inside >= (mass - 1e-6) * total
        if keys.any():
            assert row[keys].min() >= row[~keys].max(initial=0)
            assert inside - row[keys].min() < mass * total + 1e-12


@given(ROWS)
def test_ranks_order_the_row_and_count_the_heavier_keys(rows):
    ranks = row_ranks(rows)
    assert np.array_equal(np.sort(ranks, axis=1), np.tile(np.arange(1, 8), (3, 1)))
    heavier = (rows[:, None, :] > rows[:, :, None]).sum(axis=2)
    equal = (rows[:, None, :] == rows[:, :, None]).sum(axis=2)
    assert ((ranks > heavier) & (ranks <= heavier + equal)).all()


def test_a_planted_sink_is_found_and_nothing_else():
    attn = softmax((1, 2, 40, 50), sharp=0.5)
    attn[0, 1] *= 0.6
    attn[0, 1, :, 3] += 0.4
    record = planted(attn)
    assert sink_keys(HeadMap(record, 0, 0)).keys == ()
    found = sink_keys(HeadMap(record, 0, 1))
    assert found.keys == (3,)
    assert found.score[3] == pytest.approx(attn[0, 1, :, 3].mean(), abs=1e-6)
    assert found.threshold[3] == pytest.approx(10 / 50)


def test_a_causal_key_that_few_queries_see_is_no_sink_and_the_first_one_is():
    n = 12
    attn = np.tril(np.full((n, n), 1e-3))
    attn[:, 0] += 0.5
    attn[n - 1, n - 1] += 50  # the last query reads itself alone, and nobody else can
    attn /= attn.sum(axis=1, keepdims=True)
    assert sink_keys(HeadMap(planted(attn[None, None], causal=True), 0, 0)).keys == (0,)


def test_wrong_rows_do_not_make_a_sink():
    attn = np.full((1, 1, 20, 30), 1 / 30, np.float32)
    attn[0, 0, 4] = np.nan
    attn[0, 0, 5, 2] = 100
    assert sink_keys(HeadMap(planted(attn), 0, 0)).keys == ()


def test_without_keys_the_rest_sums_to_one_in_proportion():
    attn = softmax((5, 7))
    left = RowFilter(without=(0, 3)).weights(attn)
    assert np.allclose(left.sum(axis=1), 1, atol=1e-6)
    assert (left[:, [0, 3]] == 0).all()
    assert np.allclose(left[:, 1] / left[:, 2], attn[:, 1] / attn[:, 2], rtol=1e-5)


def test_a_row_with_nothing_left_is_empty_not_divided_by_zero():
    attn = np.array([[1, 0, 0], [0.5, 0.25, 0.25]], np.float32)
    row_filter = RowFilter(mass=0.9, without=(0,))
    assert row_filter.weights(attn).tolist() == [[0, 0, 0], [0, 0.5, 0.5]]
    assert row_filter.kept(row_filter.weights(attn)).tolist() == [[False] * 3, [False, True, True]]


@pytest.mark.parametrize("window", [(0, 23, 0, 31), (5, 18, 2, 29)])
@pytest.mark.parametrize("most", [64, 9])
@pytest.mark.parametrize("run", [40, 10**6])
def test_a_pooled_cut_is_the_pool_of_the_exact_cut(window, most, run, monkeypatch):
    monkeypatch.setattr(filters, "RUN", run)
    attn, row_filter = softmax((1, 1, 23, 31)), RowFilter(mass=0.8, without=(1, 30))
    record = planted(attn)
    tile = map_tile(HeadMap(record, 0, 0), window, most)
    found = filtered_tile(HeadMap(record, 0, 0), tile, row_filter)
    weights = row_filter.weights(attn[0, 0])
    kept = row_filter.kept(weights)
    r0, r1, c0, c1 = window
    tall, broad = tile.cell
    for y, x in np.ndindex(tile.values.shape):
        rows = slice(r0 + y * tall, min(r0 + (y + 1) * tall, r1))
        keys = range(c0 + x * broad, min(c0 + (x + 1) * broad, c1))
        left = [key for key in keys if key not in row_filter.without]
        cell, inside = weights[rows, keys], kept[rows, keys]
        if cell.sum() > 0:
            share = inside.mean() if tile.cell == (1, 1) else cell[inside].sum() / cell.sum()
            assert found.kept[y, x] == pytest.approx(share, abs=1e-5)
        if left:
            assert found.shown[y, x] == pytest.approx(weights[rows, left].mean(), abs=1e-6)


def test_ranks_of_a_window_are_those_of_the_whole_row():
    attn = softmax((1, 1, 11, 13))
    record = planted(attn)
    tile = map_tile(HeadMap(record, 0, 0), (3, 7, 5, 12), 64)
    assert np.array_equal(tile_ranks(HeadMap(record, 0, 0), tile), row_ranks(attn[0, 0])[3:7, 5:12])


def test_the_highest_weight_is_that_of_the_renormalised_rows():
    attn = softmax((1, 1, 11, 13))
    row_filter = RowFilter(without=(int(attn[0, 0].sum(axis=0).argmax()),))
    assert (
        highest_weight(HeadMap(planted(attn), 0, 0), row_filter)
        == row_filter.weights(attn[0, 0]).max()
    )
