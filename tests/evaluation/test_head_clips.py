"""The table over clips: clip by clip the same numbers; the shipped model's known heads."""

from functools import cache

import numpy as np
import pytest

from phenaki_viz.analysis.head_columns import half_width, names_of, value
from phenaki_viz.analysis.head_table import head_table
from phenaki_viz.analysis.truth import truth_of
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import DIGIT_CLIPS, SHIPPED_MODEL, digit_clip, read_prompt
from phenaki_viz.errors import ConfigError
from phenaki_viz.evaluation.head_clips import table_over_clips
from phenaki_viz.runs.model import RunOptions, run_model

CAPTIONS = tuple(DIGIT_CLIPS.values())[:10]  # of one digit each


@cache
def model():
    return open_checkpoint(SHIPPED_MODEL).model


def clips(count):
    return [(digit_clip(one), read_prompt(one)) for one in CAPTIONS[:count]]


@pytest.fixture(scope="module")
def table():
    return table_over_clips(
        model(), clips(10), RunOptions(), kind="self", stack="maskgit.transformer"
    )


def numbers(table, column):
    return np.array([value(row, column) for row in table]).reshape(4, 4)


def test_the_shipped_models_heads_are_as_known(table):
    """Known: measured before, by other code, over ten one-digit clips, half of them masked."""
    position = [[0.07, 0.08, 0.18, 0.79], [0.07, 0.10, 0.14, 0.77],
                [0.11, 0.22, 0.40, 0.93], [0.10, 0.13, 0.29, 0.81]]  # fmt: skip
    np.testing.assert_allclose(numbers(table, "position"), position, atol=0.03)
    own = numbers(table, "own_step")
    for head, (low, high) in enumerate([(0.26, 0.28), (0.27, 0.28), (0.47, 0.49), (0.88, 0.90)]):
        assert (own[:, head] > low - 0.01).all() and (own[:, head] < high + 0.01).all()
    follows = numbers(table, "follows")
    assert follows[1, 1] < 0.05 and follows[2, 2] > 0.5 < follows[2, 3]
    assert np.allclose(numbers(table, "follows_chance"), 0.25, atol=0.01)
    assert names_of(table.rows[10]) == ("global", "follows")
    assert names_of(table.rows[15]) == ("spatial", "position")


def test_every_head_has_ten_clips_and_an_interval(table):
    assert table.clips == 10 and len(table) == 16
    halves = np.array([half_width(row, "entropy") for row in table])
    assert (halves > 0).all() and (halves < 1).all()


def test_it_is_the_table_of_each_clip_joined():
    made = table_over_clips(model(), clips(2), RunOptions(seed=3), kind="cross", stack=None)
    wanted = []
    for clip, prompt in clips(2):
        run = run_model(model(), clip, prompt, RunOptions(frames=9, seed=3))
        wanted.append(head_table(run.recording, kind="cross", truth=truth_of(run)))
    whole = wanted[0].join(wanted[1])
    for column in ("entropy", "null", "moves"):
        one, other = ([value(row, column) for row in table] for table in (made, whole))
        np.testing.assert_allclose(one, other)


def test_the_table_so_far_is_there_after_every_clip():
    done = []
    whole = table_over_clips(model(), clips(3), RunOptions(), kind="cross", done=done)
    assert [one.clips for one in done] == [1, 2, 3] and done[-1] is whole
    first = table_over_clips(model(), clips(1), RunOptions(), kind="cross")
    entropies = [[value(row, "entropy") for row in table] for table in (done[0], first)]
    np.testing.assert_array_equal(*entropies)
    halves = [[half_width(row, "entropy") for row in table] for table in done]
    assert np.isnan(halves[0]).all() and np.isfinite(halves[1:]).all()


def test_it_says_how_far_it_is_and_refuses_no_clips():
    steps = table_over_clips.steps(model(), clips(2), RunOptions(), kind="cross")
    shares = [next(steps) for _ in range(5)]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] < 0.5
    steps.close()
    with pytest.raises(ConfigError, match="no clip is given"):
        table_over_clips(model(), [], RunOptions())
