"""Sentences of planted heads: each says what the head was built to do, with its figure."""

import numpy as np
import pytest

from phenaki_viz.analysis.head_table import head_row
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.head_sentences import row_sentence
from phenaki_viz.figures.sentences import head_sentence, patch_sentence
from phenaki_viz.recording import Places, Recording
from tests.analysis.records import planted, uniform
from tests.analysis.test_regions import GRID, C, N, R, T, on


def head(attn, **changes):
    one = planted(attn[None, None], Places(GRID, "video"), layer=2, **changes)
    return Head(Recording([one]), one, 0, 0)


@pytest.mark.parametrize(
    ("inside", "patch", "whole"),
    [
        (
            lambda t, r, c: t == 0,
            "puts 100 % of its weight on its own time step (3.0 × uniform)",
            "Stays in its own time step (1.00 of its weight; 0.33 would be uniform); ",
        ),
        (
            lambda t, r, c: (t == 0) & (r == 0) & (c == 0),
            "keeps 100 % of its weight on itself (60 × uniform)",
            "Stays in its own time step (1.00 of its weight; 0.33 would be uniform); "
            "1.00 of its weight on the patch itself (60 × uniform); spread as if evenly over 1 of ",
        ),
        (
            lambda t, r, c: (t != 0) & (r == 0) & (c == 0),
            "puts 100 % of its weight on and around its own place at other times",
            "Looks at and around its own place in other time steps (1.00 of its weight; ",
        ),
        (
            lambda t, r, c: t != 0,
            "of its weight on",
            "Looks across time steps (1.00 outside its own; 0.67 would be uniform)",
        ),
    ],
)
def test_a_head_is_said_to_do_what_it_was_built_to_do(inside, patch, whole):
    built = head(on(inside))
    said = patch_sentence(built, (1, 2, 3))
    assert said.startswith("Time 1, row 2, column 3 ") and patch in said, said
    assert head_sentence(built).startswith(whole), head_sentence(built)


def test_a_head_that_does_not_choose_is_said_so():
    even = head(uniform(1, 1, N, N)[0, 0])
    assert "hardly chooses" in patch_sentence(even, (0, 0, 0))
    assert head_sentence(even) == "Hardly chooses; spread as if evenly over 60 of 60 keys."


def test_one_far_key_is_named_with_its_figure():
    attn = np.full((N, N), 0.8 / (N - 1))
    at = int(np.flatnonzero((T == 2) & (R == 3) & (C == 4))[0])
    attn[:, at] = 0.2
    said = patch_sentence(head(attn), (0, 0, 0))
    assert "row 3, column 4" in said and "20 % of its weight (12 × uniform)" in said


def test_words_and_null_keys_are_named_and_nothing_recognises():
    attn = np.tile([0.1, 0.05, 0.6, 0.25], (N, 1))
    built = head(attn, kind="cross", num_null_kv=2, words=("two", "right"))
    said = patch_sentence(built, (0, 1, 1)), head_sentence(built)
    assert said[0] == "Time 0, row 1, column 1 puts 60 % of its weight on “two” (2.4 × uniform)."
    assert said[1].startswith(
        "Reads “two” most (0.60 of its weight; 0.25 would be uniform); then “right” (0.25); "
    )
    nulls = np.tile([0.7, 0.1, 0.1, 0.1], (N, 1))
    said += (patch_sentence(head(nulls, kind="cross", num_null_kv=2, words=("a", "b")), (0, 0, 0)),)
    assert "on null key 1 (2.8 × uniform)" in said[2]
    assert not any(word in " ".join(said) for word in ("recogni", "understand", "know"))


def test_a_patch_without_weights_is_said_so():
    blind = head(np.full((N, N), np.nan))
    assert "has no weights" in patch_sentence(blind, (0, 0, 0))
    assert head_sentence(blind) == "No row of this map is a distribution: its weights mean nothing."
    assert row_sentence(head_row(blind.map)) == head_sentence(blind)
    masked = head(np.full((N, N), 1 / N), key_mask=np.zeros((1, N), bool))
    assert head_sentence(masked) == "No query of this map sees a key: its weights mean nothing."
    assert row_sentence(head_row(masked.map)) == head_sentence(masked)


def test_who_reads_a_patch_is_said_the_other_way_round():
    attn = np.full((N, N), 0.5 / (N - 1))
    at = int(np.flatnonzero((T == 1) & (R == 2) & (C == 0))[0])
    attn[:, at] = 0.5
    attn[4] = 0.2 / (N - 1)
    attn[4, at] = 0.8
    said = patch_sentence(head(attn), (1, 2, 0), "column")
    assert said == (
        "Time 1, row 2, column 0 gets 50 % of a query's weight on average (30 × uniform), most "
        "from time 0, row 0, column 4: 80 %."
    )
    causal = np.tril(np.ones((N, N))) / np.arange(1, N + 1)[:, None]
    last = patch_sentence(head(causal, causal=True), (2, 3, 4), "column")
    assert "gets 1.7 % of a query's weight on average (1.0 × uniform)" in last


def test_a_query_that_sees_one_key_is_not_said_to_hardly_choose():
    """It has no choice: the first step of a causal map over time."""
    weights = np.tril(np.random.default_rng(0).random((5, 5)) ** 3)
    weights /= weights.sum(axis=1, keepdims=True)
    record = planted(np.tile(weights, (4, 1, 1, 1)), Places((5, 2, 2), "patch"), causal=True)
    first = Head(Recording([record]), record, 0, 0)
    assert patch_sentence(first, (0, 0, 0)) == (
        "Time 0, row 0, column 0 sees one key alone, time 0, row 0, column 0."
    )
    alone = planted(np.ones((1, 1, 1, 1)), Places((1, 1, 1), "video"))
    said = head_sentence(Head(Recording([alone]), alone, 0, 0))
    assert said == "Sees one key alone."


def test_no_word_is_read_most_by_a_head_that_hardly_chooses():
    built = head(uniform(1, 1, N, 4)[0, 0], kind="cross", num_null_kv=1, words=("a", "b", "c"))
    assert head_sentence(built) == "Hardly chooses; spread as if evenly over 4 of 4 keys."


def test_what_nobody_looks_at_is_not_looked_at_most_by_somebody():
    attn = np.full((N, N), 1 / (N - 1))
    attn[:, 0] = 0
    said = patch_sentence(head(attn), (0, 0, 0), "column")
    assert said == "Time 0, row 0, column 0 gets nothing of any query's weight."
