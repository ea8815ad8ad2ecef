"""Where colours end: one outlier does not decide, what is masked or wrong does not count."""

import numpy as np
import pytest

from phenaki_viz.analysis import weight_range as module
from phenaki_viz.analysis.weight_range import drawn_range, drawn_ranges, weight_range
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.recording import HeadMap
from tests.analysis.records import planted, uniform


def test_an_outlier_is_the_largest_and_not_the_top():
    attn = uniform(1, 1, 40, 40)
    attn[0, 0, 3] = 0.1 / 39
    attn[0, 0, 3, 7] = 0.9
    found = weight_range([HeadMap(planted(attn), 0, 0)])
    assert found.top == pytest.approx(1 / 40) and found.most == pytest.approx(0.9)
    assert (found.rows, found.of, found.sampled) == (40, 40, "")


def test_the_top_is_numpy_s_percentile_of_the_visible_weights():
    attn = np.tril(np.random.default_rng(0).random((2, 3, 7, 7)))
    attn /= attn.sum(axis=-1, keepdims=True)
    one = planted(attn, causal=True)
    wanted = np.concatenate([attn[1, 2, row, : row + 1] for row in range(7)])
    assert weight_range([HeadMap(one, 1, 2)]).top == pytest.approx(np.percentile(wanted, 99.5))


def test_wrong_and_blind_rows_do_not_count():
    attn = uniform(1, 1, 5, 4)
    attn[0, 0, 2] = [np.nan, 5, 5, 5]
    found = weight_range([HeadMap(planted(attn), 0, 0)])
    assert found.top == found.most == pytest.approx(0.25)
    mask = np.zeros((1, 4), bool)
    nothing = weight_range([HeadMap(planted(attn, key_mask=mask), 0, 0)])
    assert nothing.top == nothing.most == 0


def test_long_maps_are_read_at_evenly_spaced_rows_which_is_said(monkeypatch):
    monkeypatch.setattr(module, "MOST_WEIGHTS", 30 * 20)
    monkeypatch.setattr(module, "RUN", 60)
    one = planted(uniform(1, 2, 90, 30))
    found = weight_range([HeadMap(one, 0, 0)])
    assert found.sampled == "20 of 90 rows"
    both = weight_range([HeadMap(one, 0, 0), HeadMap(one, 0, 1)])
    assert both.rows == 2 * module.LEAST_ROWS and both.of == 180
    assert Colours().of(found, "this head").scope == "this head (20 of 90 rows)"


def test_pictures_draw_neither_masked_nor_wrong_cells():
    assert drawn_range(np.array([np.nan, 0.5, np.inf, 0.5])) == (0.5, 0.5)
    assert drawn_range(np.full(3, np.nan)) == (0, 0)


def test_several_pictures_have_one_range_that_of_all_their_cells():
    one, other = np.array([[np.nan, 0.5], [0.25, 0.75]]), np.array([2.0, np.inf, 1.0])
    assert drawn_range(one, other) == drawn_range(np.array([0.5, 0.25, 0.75, 2.0, 1.0]))
    assert drawn_range(one, np.full(2, np.nan)) == drawn_range(one)


def test_each_head_has_a_scale_over_all_that_is_shown_of_it():
    before, now = (np.random.default_rng(seed).random((2, 3, 5, 7), np.float32) for seed in (0, 1))
    alone, both = Colours().of_each(before), Colours().of_each(before, now, scope="this head, both")
    assert alone[1][2] == Colours().over(*drawn_range(before[1, 2]), "this head")
    ends = drawn_range(before[1, 2], now[1, 2])
    assert both[1][2] == Colours().over(*ends, "this head, both") != alone[1][2]


@pytest.mark.parametrize("law", ["linear", "sqrt", "log"])
def test_colours_end_at_the_top_or_at_the_largest(law):
    scale = Colours(law).over(0.1, 0.4, "this head")
    assert scale.high == 0.1 and scale.cut_off and "0.1 and above (largest 0.4)" in scale.describe()
    whole = Colours(law, whole=True).over(0.1, 0.4, "this head")
    assert whole.high == 0.4 and not whole.cut_off and "above" not in whole.describe()
    assert Colours(law).over(0.0, 0.4, "this head").high == 0.4  # most weights are zero


@pytest.mark.parametrize("hide", ["nothing", "alike", "each its own", "one wholly", "all"])
def test_ranges_of_several_are_those_of_each(hide):
    maps = np.random.default_rng(0).gamma(0.3, size=(5, 3, 7)).astype(np.float32)
    if hide == "alike":
        maps[:, 1, 2:] = np.nan
    elif hide == "each its own":
        maps[np.arange(5), np.arange(5) % 3, np.arange(5)] = np.inf
    elif hide == "one wholly":
        maps[3] = np.nan
    elif hide == "all":
        maps[:] = np.nan
    assert drawn_ranges(maps) == [drawn_range(one) for one in maps]
