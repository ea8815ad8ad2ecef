"""Heads that were built to read a word in one place, in the other, and everywhere alike."""

from dataclasses import replace

import numpy as np
import pytest

from phenaki_viz.analysis.head_table import head_row
from phenaki_viz.analysis.reading import reading, reading_of_head
from phenaki_viz.analysis.truth import Truth
from phenaki_viz.figures.head_sentences import row_sentence
from phenaki_viz.recording import HeadMap, Places
from tests.analysis.records import planted

GRID = (2, 3, 4)
HELD = np.zeros(GRID, bool)
HELD[:, 1, 1:3] = True


def cross(*there: float, nulls: int = 1) -> list:
    """A record with a head for each share that tokens with something on them give the word."""
    inside = HELD.ravel()
    heads = []
    for share in there:
        word = np.where(inside, share, 0.3)
        heads.append(np.stack([1 - word, word], axis=1))
    attn = np.stack(heads)[None]
    return [planted(attn, Places(GRID, "video"), kind="cross", words=("two",), num_null_kv=nulls)]


def test_it_is_told_where_a_word_is_read():
    found = reading(cross(0.8, 0.1, 0.3), [0], HELD)
    np.testing.assert_allclose(found.auc[1, 0], [1, 0, 0.5])
    np.testing.assert_allclose(found.auc[0, 0], [0, 1, 0.5], err_msg="the null key gets the rest")
    np.testing.assert_allclose(found.there[1, 0], [0.8, 0.1, 0.3], atol=1e-6)
    np.testing.assert_allclose(found.elsewhere[1, 0], 0.3, atol=1e-6)
    assert found.best(1) == (0, 0) and found.best(0, layer=0) == (0, 1)


def test_a_row_that_is_no_distribution_does_not_count():
    (record,) = cross(0.8)
    attn = record.map.full(0, 0).copy()
    attn[0] = np.nan
    found = reading(
        [planted(attn[None, None], Places(GRID, "video"), kind="cross", words=("two",))], [0], HELD
    )
    assert found.auc[1, 0, 0] == 1 and found.elsewhere[1, 0, 0] == pytest.approx(0.3)


@pytest.mark.parametrize("held", [np.zeros(GRID, bool), np.ones(GRID, bool)])
def test_where_everything_is_alike_no_head_is_best(held):
    found = reading(cross(0.8), [0], held)
    assert np.isnan(found.auc).all() and found.best(1) is None


def test_one_head_is_read_as_it_is_among_all():
    records = cross(0.8, 0.1, 0.3)
    every = reading(records, [0], HELD)
    for head in range(3):
        one = reading_of_head(HeadMap(records[0], 0, head), HELD)
        for name in ("auc", "there", "elsewhere"):
            mine = getattr(every, name)[:, :, head : head + 1]
            np.testing.assert_array_equal(getattr(one, name), mine)


def test_a_word_that_stands_twice_is_read_in_both_of_its_places():
    """As its weight on the whole is told, which is of both."""
    there, elsewhere = [0.1, 0.2, 0.5, 0.2], [0.6, 0.1, 0.2, 0.1]
    attn = np.where(HELD.ravel()[:, None], there, elsewhere)[None, None]
    record = planted(attn, Places(GRID, "video"), kind="cross", num_null_kv=1)
    for words, told in {
        ("two", "red", "two"): ("red", 0.5, 0.2),
        ("two", "two", "red"): ("two", 0.7, 0.3),
    }.items():
        row = head_row(HeadMap(replace(record, words=words), 0, 0), Truth(held=HELD))
        ((name, found),) = row.facts.reads.items()
        assert name == told[0] and (found.there, found.elsewhere) == pytest.approx(told[1:])
        said = f"Reads “{name}” where there is something ({told[1]:.2f} of a token's weight there"
        assert row_sentence(row).startswith(said)
