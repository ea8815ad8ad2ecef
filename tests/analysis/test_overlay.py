import numpy as np
import pytest

from phenaki_viz.analysis.overlay import Overlay, combined
from phenaki_viz.analysis.walks import walk_places
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import Places
from phenaki_viz.recording.axes import Layout
from phenaki_viz.recording.segments import Words
from tests.analysis.records import planted, uniform

GRID = (3, 2, 5)


def test_several_patches_are_put_together_and_a_masked_one_lends_nothing():
    grids = np.full((2, 1, 1, 3), np.nan, np.float32)
    grids[0, 0, 0, :2] = 0.75, 0.25
    grids[1, 0, 0, 1] = 1
    np.testing.assert_array_equal(combined(grids, "mean"), [[[0.375, 0.625, np.nan]]])
    np.testing.assert_array_equal(combined(grids, "sum"), [[[0.75, 1.25, np.nan]]])


@pytest.mark.parametrize(
    ("along", "wanted"),
    [
        ("frames", [(1, 1, 3), (2, 1, 3), (0, 1, 3)]),
        ("column", [(1, 1, 3), (1, 0, 3)]),
        ("row", [(1, 1, 3), (1, 1, 4), (1, 1, 0), (1, 1, 1), (1, 1, 2)]),
    ],
)
def test_a_walk_goes_round_once_from_where_the_patch_stands(along, wanted):
    assert walk_places((1, 1, 3), along, GRID) == wanted


def test_a_walk_over_all_patches_meets_each_once_in_the_order_of_the_tokens():
    places = walk_places((1, 1, 3), "all", GRID)
    assert len(set(places)) == 30
    assert places[:3] == [(1, 1, 3), (1, 1, 4), (2, 0, 0)]
    assert places[-1] == (1, 1, 2)


def test_a_walk_begins_inside_the_video():
    with pytest.raises(ShapeError, match=r"place \(3, 0, 0\) is outside the grid"):
        walk_places((3, 0, 0), "row", GRID)


def test_a_patch_is_measured_by_its_own_query_behind_the_words_of_a_joint_axis():
    places = Places((1, 2, 5), "video")
    layout = Layout((Words(("a", "cat")), places))
    cut = np.triu(np.ones((12, 12), bool), 1)  # each token sees those before it, and itself
    record = planted(
        uniform(1, 1, 12, 12), places, query_layout=layout, key_layout=layout, cut_edges=cut
    )
    laid = Overlay(record.head(0), [(0, 0, 3)])  # token 5: it sees six
    assert laid.uniform == pytest.approx(1 / 6)
    np.testing.assert_allclose(laid.uniforms, 1 / 6, rtol=1e-6)
    assert np.isfinite(laid.weights).sum() == 4  # patches up to itself


def test_edges_that_are_cut_in_one_head_count_in_that_head_alone():
    cut = np.zeros((2, 10, 10), bool)
    cut[1, :, :5] = True
    record = planted(uniform(1, 2, 10, 10), Places((1, 2, 5), "video"), cut_edges=cut)
    found = [Overlay(record.head(head), [(0, 0, 3)]).uniform for head in (0, 1)]
    assert found == pytest.approx([1 / 10, 1 / 5])


def test_rows_that_are_no_distribution_are_told_of_the_map_that_is_shown():
    """The fourth frame of a batch is the first of its second video."""
    attn = uniform(6, 1, 10, 10)
    attn[4, 0, 7] = 0.3
    laid = Overlay(planted(attn, Places((3, 2, 5), "frame")).head(0, 3), [(1, 1, 2), (0, 0, 0)])
    assert laid.wrong == (7,) and np.isnan(laid.weights[0]).all()
    assert np.isfinite(laid.weights[1]).sum() == 10
