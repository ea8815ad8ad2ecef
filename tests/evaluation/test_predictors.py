"""Rank correlation of what a head does with what it is worth."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from phenaki_viz.analysis.head_table import stack_table
from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.errors import ShapeError
from phenaki_viz.evaluation.effects import HeadEffect
from phenaki_viz.evaluation.predictors import predictors, spearman
from phenaki_viz.figures.predictor_views import (
    NO_PROOF,
    correlation_words,
    predictors_sentence,
    scatter_picture,
)
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.runs.dialled import run_dialled

NUMBERS = some.lists(some.integers(-50, 50), min_size=5, max_size=30)


@given(NUMBERS, some.integers(0, 2**32 - 1))
def test_rho_is_that_of_scipy_and_lies_in_its_interval(x, seed):
    from scipy.stats import spearmanr

    x = np.array(x, np.float64)
    y = np.random.default_rng(seed).permutation(x) + x
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert math.isnan(spearman(x, y).rho)
        return
    found = spearman(x, y)
    assert found.rho == pytest.approx(spearmanr(x, y).statistic, abs=1e-9)
    assert -1 <= found.low <= found.rho + 1e-9 and found.rho - 1e-9 <= found.high <= 1
    wide = spearman(x, y, looks=20)
    assert wide.low <= found.low and found.high <= wide.high and wide.rho == found.rho


def test_only_the_order_counts():
    x = np.arange(9.0)
    assert spearman(x, np.exp(x)).rho == pytest.approx(1)
    assert spearman(x, -(x**3)).rho == pytest.approx(-1)


@pytest.mark.parametrize("pairs", [([1, 2], [1, 2]), ([1.0] * 9, range(9)), ([], [])])
def test_too_few_or_all_alike_say_nothing(pairs):
    x, y = (np.array(side, np.float64) for side in pairs)
    found = spearman(x, y)
    assert math.isnan(found.rho) and not found.is_sure and found.count == len(x)
    assert "no ρ" in correlation_words(found)


def test_pairs_of_other_lengths_are_refused():
    with pytest.raises(ShapeError):
        spearman(np.zeros(5), np.zeros(6))


@pytest.fixture(scope="module")
def table():
    config = DialConfig(heads=4, depth=3, dim_head=8, dim=32, height=32, width=48)
    run = run_dialled(config, sample_clip(), read_prompt("a b"))
    records = [one for one in run.recording if one.kind == "self"]
    return stack_table(records)


def effects_by(table, worth):
    return [
        HeadEffect(
            module=row.module, head=row.head, rises=np.array([worth(row) - 0.01, worth(row) + 0.01])
        )
        for row in table
    ]


def test_a_planted_predictor_is_found_and_said(table):
    worth = {id(row): row.facts.mean("mass.itself") for row in table}
    found = predictors(table, effects_by(table, lambda row: worth[id(row)]))
    by_name = {one.column: one for one in found}
    planted = by_name["itself"].correlation
    assert planted.rho == pytest.approx(1) and planted.is_sure and planted.count == 12
    assert abs(found[0].correlation.rho) == pytest.approx(1)
    said = predictors_sentence([one for one in found if one.column == "itself"])
    assert said.startswith("With what a head is worth goes itself (ρ = 1.00") and NO_PROOF in said
    alibi = replace(by_name["itself"], column="alibi")
    assert predictors_sentence([alibi]).startswith("With what a head is worth goes ALiBi share (ρ")
    picture = scatter_picture(by_name["itself"], "self", {})
    np.testing.assert_allclose(picture.curves[0].y, np.sort(list(worth.values())), atol=1e-9)


def test_chance_is_not_said_to_predict(table):
    chance = np.random.default_rng(3)
    found = predictors(table, effects_by(table, lambda row: chance.normal()))
    assert not any(one.correlation.is_sure for one in found)
    assert predictors_sentence(found).startswith("No measure predicts what these heads are worth")


def test_heads_that_were_not_switched_off_are_left_out(table):
    effects = effects_by(table, lambda row: row.layer + row.head)
    assert predictors(table, effects[:4]) == ()
    assert "too few" in predictors_sentence(())
    assert {one.correlation.count for one in predictors(table, effects[:7])} <= {5, 6, 7}
