import numpy as np
import pytest

from phenaki_viz.analysis.overlay import combined
from phenaki_viz.analysis.walks import walk_places
from phenaki_viz.errors import ShapeError

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
