"""The small grid of all heads that can be switched off: maps first, then what each is worth."""

import numpy as np

from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.figures.worth_grid import worth_grid
from phenaki_viz.recording import Places
from tests.analysis.records import planted, uniform

GRID = Places((2, 1, 3), "video")
SELF = "maskgit.transformer.layers.{}.1"


def stacks():
    """Two layers of three heads and one cross layer of two."""
    own = [planted(uniform(1, 3, 6, 6), GRID, module=SELF.format(at), layer=at) for at in (0, 1)]
    cross = planted(
        uniform(1, 2, 6, 4), GRID, module="maskgit.transformer.layers.0.2", kind="cross",
        words=("a", "b", "c", "d"),
    )  # fmt: skip
    return own, [cross]


def effect(module, head, rise):
    return HeadEffect(module=module, head=head, rises=np.array([rise, rise]))


def test_maps_of_all_sizes_stand_in_tiles_of_one_and_missing_heads_are_masked():
    thumbs = [
        np.arange(2 * 3 * 6 * 6).reshape(2, 3, 6, 6),
        np.arange(2 * 6 * 4).reshape(1, 2, 6, 4),
    ]
    grid = worth_grid(stacks(), thumbs, (), "RdBu_r", 3)
    assert grid.layers == ("self L0", "self L1", "cross L0") and grid.heads == ("H0", "H1", "H2")
    assert grid.thumbs.shape == (3, 3, 3, 3) and grid.values is None and grid.scale is None
    np.testing.assert_array_equal(grid.thumbs[1, 2], thumbs[0][1, 2][::2, ::2])
    np.testing.assert_array_equal(grid.thumbs[2, 1], thumbs[1][0, 1][::2][:, [0, 1, 2]])
    assert np.isnan(grid.thumbs[2, 2]).all() and not grid.has(2, 2) and grid.has(2, 1)
    assert (worth_grid(stacks(), [None, None], (), "RdBu_r", 3).thumbs == 0).all()


def test_what_heads_are_worth_stands_where_they_are_around_0():
    effects = [effect(SELF.format(1), 2, -0.25), effect(SELF.format(0), 1, 0.125)]
    layer = HeadEffect(module=SELF.format(0), head=None, rises=np.array([9.0, 9.0]))
    grid = worth_grid(stacks(), [None, None], [*effects, layer], "RdBu_r", 3)
    wanted = np.full((3, 3), np.nan)
    wanted[1, 2], wanted[0, 1] = -0.25, 0.125
    np.testing.assert_array_equal(grid.values, wanted)
    np.testing.assert_array_equal(grid.thumbs[..., 0, 0], wanted.astype(np.float32))
    assert (grid.scale.low, grid.scale.high) == (-0.25, 0.25)
    assert grid.place(SELF.format(1), 2) == (1, 2) and grid.place("elsewhere", 2) == (0, 0)
