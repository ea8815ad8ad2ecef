"""Planted truths: maps built so that the right number is known."""

import numpy as np
import pytest
import torch

from phenaki_viz.analysis import heads, measures, words
from phenaki_viz.analysis.rows import uniform_weight
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording import HeadMap
from phenaki_viz.recording.maps import wrong_rows
from tests.analysis.records import planted

GRID = (2, 3, 5)


def looking_at(offset: tuple[int, int, int]) -> np.ndarray:
    """Every token puts all its weight on the token at a fixed offset, wrapping round."""
    at = np.stack(np.mgrid[:2, :3, :5], -1).reshape(-1, 3)
    targets = (at + offset) % GRID
    attn = np.zeros((30, 30), np.float32)
    attn[np.arange(30), np.ravel_multi_index(targets.T, GRID)] = 1
    return attn


def test_entropy_as_a_share_of_what_so_many_keys_allow():
    assert heads.most_entropy(np.array([0, 1, 2, 8])).tolist() == [0, 0, 1, 3]
    found = heads.entropy_share(np.array([0.0, 0.5, 3.0]), np.array([1, 2, 8]))
    np.testing.assert_allclose(found, [1, 0.5, 1])


def test_entropy_of_one_key_and_of_all():
    assert heads.entropy(np.eye(7, dtype=np.float32)).tolist() == [0] * 7
    np.testing.assert_allclose(heads.entropy(np.full((5, 8), 1 / 8)), 3)


def test_null_and_self_mass():
    attn = np.array([[0.5, 0.2, 0.3], [0.1, 0.0, 0.9]])
    np.testing.assert_allclose(heads.null_mass(attn, 2), [0.7, 0.1])
    np.testing.assert_allclose(heads.self_mass(looking_at((0, 0, 0))), 1)
    assert heads.self_mass(looking_at((1, 0, 0))).sum() == 0
    with pytest.raises(ShapeError, match="as many keys as queries"):
        heads.self_mass(attn.T)


def test_a_head_that_looks_one_step_back_is_one_step_away_and_nowhere_in_space():
    attn = looking_at((1, 0, 0))
    np.testing.assert_allclose(heads.distance_in_time(attn, GRID), 1)
    np.testing.assert_allclose(heads.distance_in_space(attn, GRID), 0)


def test_a_head_that_looks_down_a_row_moves_in_space_only():
    attn = looking_at((0, 1, 0))
    np.testing.assert_allclose(heads.distance_in_time(attn, GRID), 0)
    rows = np.mgrid[:2, :3, :5][1].ravel()
    np.testing.assert_allclose(heads.distance_in_space(attn, GRID), np.where(rows == 2, 2, 1))


def test_a_map_of_another_size_is_refused_with_both():
    with pytest.raises(ShapeError, match=r"\(2, 3, 5\) is 30 square, got \(4, 4\)"):
        heads.distance_in_space(np.eye(4), GRID)


def test_top_mass_counts_the_heaviest_keys():
    attn = np.array([[0.6, 0.3, 0.1, 0.0], [0.25, 0.25, 0.25, 0.25]])
    assert heads.top_mass(attn, 0.9).tolist() == [2, 4]
    assert heads.top_mass(attn, 0.5).tolist() == [1, 2]
    with pytest.raises(ShapeError, match="above 0 and up to 1"):
        heads.top_mass(attn, 0)
    attn[0, 1] = np.nan
    assert np.isnan(heads.top_mass(attn)[0]) and heads.top_mass(attn)[1] == 4


def test_rows_that_are_no_distribution_are_found():
    attn = np.full((6, 4), 0.25, np.float32)
    attn[1, 2] = np.nan
    attn[3] *= 2
    attn[4, 0], attn[4, 1] = -0.25, 0.75
    assert wrong_rows(attn).tolist() == [1, 3, 4]
    with pytest.raises(ShapeError):
        wrong_rows(attn[0])


def test_uniform_weight_of_visible_keys():
    found = uniform_weight(np.array([4, 0, 1]))
    assert found[0] == 0.25 and np.isnan(found[1]) and found[2] == 1


@pytest.mark.parametrize("pieces", [2**17, 8])
def test_queries_that_see_no_key_do_not_count_in_metrics(monkeypatch, pieces):
    """Padding hides every key of the causal map's first two queries: theirs are 1/j by rule."""
    monkeypatch.setattr(measures, "PIECE", pieces)
    attn = np.tril(np.ones((5, 5), np.float32))[None, None].copy()
    attn[..., :2] = 0
    attn /= np.maximum(attn.sum(axis=-1, keepdims=True), 1)
    attn[0, 0, :2] = 1 / 5
    mask = np.array([[False, False, True, True, True]])
    record = planted(attn, causal=True, key_mask=mask)
    table = measures.head_statistics([record], [0], ["entropy", "self", "top"])
    assert table.mean("entropy")[0, 0] == pytest.approx((0 + 1 + np.log2(3)) / 3)
    assert table.mean("self")[0, 0] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert table.mean("top")[0, 0] == pytest.approx((1 + 2 + 3) / 3)
    blind = planted(attn, causal=True, key_mask=np.zeros((1, 5), bool))
    assert np.isnan(measures.head_statistics([blind], [0], ["entropy"]).mean("entropy")[0, 0])


def test_words_are_read_by_the_tokens_that_see_one():
    attn = np.full((1, 1, 4, 3), 1 / 3, np.float32)
    blind = planted(attn, kind="cross", key_mask=np.zeros((1, 3), bool))
    assert np.isnan(words.words_share(HeadMap(blind, 0, 0)).mean).all()
    assert np.isnan(words.word_maps([blind], 0, 1)).all()
    attn[0, 0, 2] = [0.9, 0.9, 0]
    spoilt = planted(attn, kind="cross")
    assert np.isnan(words.words_share(HeadMap(spoilt, 0, 0)).mean).all()
    assert np.isinf(words.word_maps([spoilt], 0, 1).ravel()).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("weights", "tolerated"),
    [(torch.float32, 5e-4), (torch.float16, 1.2e-3), (torch.bfloat16, 4e-3)],
)
def test_how_far_a_sum_may_be_goes_with_the_format(weights, tolerated):
    attn = np.full((2, 4), 0.25, np.float32)
    attn[1] *= 1 + tolerated
    assert wrong_rows(attn, weights).tolist() == []
    attn[1] *= 1.01
    assert wrong_rows(attn, weights).tolist() == [1]


def test_the_change_of_a_metric_is_by_the_heads_own_numbers():
    one_key, two_keys = np.eye(4, dtype=np.float32), np.full((4, 4), 0.25, np.float32)
    a = [planted(np.stack([one_key, two_keys])[None], heads=(3, 5), layer=at) for at in (0, 1)]
    b = [planted(np.stack([two_keys, two_keys])[None], heads=(5, 3), layer=1)]
    one, other = (
        (records, measures.head_statistics(records, [0] * len(records), ["entropy"]))
        for records in (a, b)
    )
    found = measures.change_of("entropy", one, other)
    assert found.dtype == np.float32 and np.isnan(found[0]).all()  # B has no layer 0
    np.testing.assert_allclose(found[1], [2, 0])
    np.testing.assert_allclose(measures.change_of("entropy", other, one), [[0, -2]])
