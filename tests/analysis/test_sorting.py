import numpy as np
import pytest

from phenaki_viz.analysis.sorting import heads_in_order
from phenaki_viz.analysis.thumbnails import with_means
from phenaki_viz.errors import ShapeError

VALUES = np.array([[3, 1, np.nan], [1, 2, 5]], np.float32)


@pytest.mark.parametrize(
    "order, least, most, wanted",
    [
        ("high", None, None, [(1, 2), (0, 0), (1, 1), (0, 1), (1, 0), (0, 2)]),
        ("low", None, None, [(0, 1), (1, 0), (1, 1), (0, 0), (1, 2), (0, 2)]),
        ("layer", 2, None, [(0, 0), (1, 1), (1, 2)]),
        ("low", 1, 2, [(0, 1), (1, 0), (1, 1)]),
        ("high", 9, None, []),
    ],
)
def test_heads_are_sorted_and_filtered(order, least, most, wanted):
    assert heads_in_order(VALUES, order, least, most) == wanted


def test_another_order_is_refused():
    with pytest.raises(ShapeError, match="order is"):
        heads_in_order(VALUES, "best")


def test_means_stand_behind_and_carry_flags_through():
    tiles = np.random.default_rng(0).random((2, 3, 5, 7)).astype(np.float32)
    tiles[..., 4, 6], tiles[1, 2, 0, 0] = np.nan, np.inf
    found = with_means(tiles)
    assert found.shape == (3, 4, 5, 7)
    np.testing.assert_array_equal(found[:2, :3], tiles)
    np.testing.assert_allclose(found[0, 3, 1], tiles[0, :, 1].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found[2, 1, 1], tiles[:, 1, 1].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found[2, 3, 1], tiles[:, :, 1].mean(axis=(0, 1)), rtol=1e-6)
    assert np.isnan(found[..., 4, 6]).all() and np.isinf(found[2, 3, 0, 0])
