"""Regions of planted maps, on a grid whose sides differ, so that a swapped axis fails."""

import numpy as np
import pytest

from phenaki_viz.analysis.character import key_masses, sort_of, spread
from phenaki_viz.analysis.regions import region_masses
from phenaki_viz.recording import HeadMap, Places
from tests.analysis.records import planted, uniform

GRID = (3, 4, 5)
N = 60
T, R, C = (axis.ravel() for axis in np.indices(GRID))


def on(inside):
    """A map 'i j' whose rows are uniform over the keys for which `inside` holds."""
    dt, dr, dc = (axis[None] - axis[:, None] for axis in (T, R, C))
    there = inside(dt, dr, dc).astype(np.float64)
    return there / np.maximum(there.sum(axis=1, keepdims=True), 1)


def record(attn, **changes):
    return planted(attn[None, None], Places(GRID, "video"), **changes)


def test_uniform_attention_has_every_region_at_its_uniform_mass():
    masses = region_masses(HeadMap(record(uniform(1, 1, N, N)[0, 0]), 0, 0))
    assert masses["own step"].mass == pytest.approx(1 / 3)
    assert masses["itself"].mass == pytest.approx(1 / N)
    assert all(one.ratio == pytest.approx(1) for one in masses.values())


@pytest.mark.parametrize(
    ("inside", "region"),
    [
        (lambda t, r, c: (t == 0) & (r == 0) & (c == 0), "itself"),
        (lambda t, r, c: (t == 0) & (abs(r) <= 1) & (abs(c) <= 1), "around"),
        (lambda t, r, c: t == 0, "own step"),
        (lambda t, r, c: (t != 0) & (abs(r) <= 1) & (abs(c) <= 1), "own place"),
    ],
)
def test_a_head_that_looks_at_a_region_has_all_its_mass_there(inside, region):
    assert region_masses(HeadMap(record(on(inside)), 0, 0))[region].mass == pytest.approx(1)


def test_the_step_before_is_minus_one_in_time():
    masses = region_masses(HeadMap(record(on(lambda t, r, c: t == -1)), 0, 0), [N - 1])
    assert masses["step before"].mass == masses["earlier"].mass == pytest.approx(1)
    assert "later" not in masses  # nothing comes after the last step
    assert masses["step before"].uniform == pytest.approx(1 / 3)


def test_regions_that_are_the_same_keys_are_said_once():
    attn = np.tril(np.ones((1, 1, 7, 7))) / np.arange(1, 8)[:, None]
    one = planted(attn, Places((7, 4, 5), "patch"), causal=True)
    masses = region_masses(HeadMap(one, 0, 0))
    assert "itself" in masses and "own step" not in masses and "later" not in masses
    assert "earlier" not in masses  # all of them are the patch's own place
    assert masses["own place"].ratio == pytest.approx(1)  # uniform over the visible keys


def test_rows_that_are_wrong_or_see_nothing_do_not_count():
    attn = on(lambda t, r, c: t == 0)
    attn[7] = np.nan
    masses = region_masses(HeadMap(record(attn), 0, 0))
    assert masses["own step"].mass == pytest.approx(1) and masses["own step"].queries == N - 1
    assert region_masses(HeadMap(record(np.full((N, N), np.nan)), 0, 0)) == {}
    assert spread(HeadMap(record(np.full((N, N), np.nan)), 0, 0)) is None


@pytest.mark.parametrize(
    ("inside", "sort"),
    [
        (lambda t, r, c: t == 0, "spatial"),
        (lambda t, r, c: (t != 0) & (abs(r) <= 1) & (abs(c) <= 1), "temporal"),
        (lambda t, r, c: t != 0, "global"),
        (lambda t, r, c: t < 9, "even"),
    ],
)
def test_the_sort_of_a_head_follows_the_stated_rule(inside, sort):
    one = record(on(inside))
    assert sort_of(one, region_masses(HeadMap(one, 0, 0)), spread(HeadMap(one, 0, 0))) == sort


def test_a_map_over_time_or_space_alone_has_no_sort():
    one = planted(uniform(20, 1, 3, 3), Places(GRID, "patch"))
    assert sort_of(one, region_masses(HeadMap(one, 0, 0)), spread(HeadMap(one, 0, 0))) is None


def test_how_spread_a_head_is():
    how = spread(HeadMap(record(on(lambda t, r, c: t == 0)), 0, 0))
    assert how.equal_keys == pytest.approx(20) and how.of == N
    assert how.share == pytest.approx(np.log2(20) / np.log2(N))


def test_the_keys_of_cross_attention_with_nulls_and_padding():
    attn = np.tile([0.1, 0.2, 0.4, 0.3, 0.0], (1, 1, N, 1))
    one = planted(
        attn,
        Places(GRID, "video"),
        kind="cross",
        num_null_kv=2,
        words=("two", "moving", "[padding]"),
        key_mask=np.array([[True, True, False]]),
    )
    masses = key_masses(HeadMap(one, 0, 0))
    assert [round(one.mass, 6) for one in masses] == [0.1, 0.2, 0.4, 0.3, 0.0]
    assert [one.uniform for one in masses] == [0.25, 0.25, 0.25, 0.25, 0.0]
    assert masses[4].ratio == 0
    assert region_masses(HeadMap(one, 0, 0)) == {}


def test_a_large_map_is_read_at_evenly_spaced_queries():
    grid = (4, 16, 9)
    one = planted(uniform(1, 1, 576, 576), Places(grid, "video"))
    assert region_masses(HeadMap(one, 0, 0))["own step"].queries == 256
