import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from phenaki_viz.analysis.words import (
    content_patches,
    correlation,
    readers,
    separation,
    side_by_side,
    word_maps,
    words_share,
)
from phenaki_viz.data import read_prompt
from phenaki_viz.recording import HeadMap
from phenaki_viz.runs.model import run_model
from tests.runs.trained import clip, phenaki

RUN = run_model(phenaki(), clip(), read_prompt("left right"))
CROSS = [record for record in RUN.recording if record.kind == "cross"]


def test_word_maps_are_columns_of_the_map():
    maps = word_maps(CROSS, 0, 3)
    assert maps.shape == (1, 2, 3, 2, 2)
    np.testing.assert_array_equal(maps[0, 1].ravel(), CROSS[0].map.full(0, 1)[:, 3])


def test_readers_of_a_key_in_multiples_of_uniform():
    head = HeadMap(CROSS[0], 0, 1)
    np.testing.assert_allclose(
        readers(head, 3, of_uniform=True), readers(head, 3) * head.visible_keys[0], rtol=1e-6
    )


def test_shares_of_all_keys_make_one():
    share = words_share(HeadMap(CROSS[0], 0, 1)).mean
    assert share.shape == (4,) and share.sum() == pytest.approx(1, abs=1e-5)


def test_steps_lie_side_by_side():
    maps = np.arange(5 * 2 * 2, dtype=np.float32).reshape(1, 1, 5, 2, 2)
    laid = side_by_side(maps)[0, 0]
    assert laid.shape == (5, 8)
    np.testing.assert_array_equal(laid[:2, 3:5], maps[0, 0, 1])
    np.testing.assert_array_equal(laid[3:, :2], maps[0, 0, 3])
    assert np.isnan(laid[:, 2]).all() and np.isnan(laid[2]).all()
    assert np.isnan(laid[3:, 6:]).all()  # there is no sixth step


def test_enlarged_weights_keep_a_thin_line_between_steps():
    maps = np.arange(4 * 2 * 3, dtype=np.float32).reshape(1, 1, 4, 2, 3)
    laid = side_by_side(maps, across=2, enlarged=3)[0, 0]
    assert laid.shape == (2 * 6 + 1, 2 * 9 + 1)
    np.testing.assert_array_equal(laid[7:, 10:][::3, ::3], maps[0, 0, 3])
    np.testing.assert_array_equal(laid[7:, 10:][2::3, 2::3], maps[0, 0, 3])
    assert np.isnan(laid).sum() == 13 + 19 - 1


def test_correlation_is_pearsons():
    rng = np.random.default_rng(1)
    first, second = rng.random((3, 5)), rng.random((3, 5))
    expected = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert correlation(first, second) == pytest.approx(expected)
    assert correlation(first, 5 - 2 * first) == pytest.approx(-1)
    assert np.isnan(correlation(first, np.ones((3, 5))))


def test_separation_is_the_area_under_the_roc_curve():
    rng = np.random.default_rng(0)
    values, inside = rng.integers(0, 5, (6, 7)).astype(float), rng.random((6, 7)) < 0.4
    expected = roc_auc_score(inside.ravel(), values.ravel())
    assert separation(values, inside) == pytest.approx(expected)
    assert separation(inside.astype(float), inside) == 1.0
    assert np.isnan(separation(values, np.zeros_like(inside)))


def test_content_is_where_something_is():
    frames = np.zeros((3, 16, 16, 1), np.uint8)
    frames[0, :8, 8:] = np.random.default_rng(0).integers(0, 256, (8, 8, 1))
    frames[2, 8:, :8, 0] = np.arange(64).reshape(8, 8) * 4
    held = content_patches(frames, (2, 2, 2), ((0,), (1, 2)))
    np.testing.assert_array_equal(held, [[[False, True], [False, False]],
                                         [[False, False], [True, False]]])  # fmt: skip
