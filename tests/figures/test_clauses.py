"""Figures inside sentences agree with their nouns and verbs, and have the signs they should."""

from dataclasses import replace

import numpy as np
import pytest

from phenaki_viz.analysis.cells import Cells
from phenaki_viz.analysis.masks import visibility
from phenaki_viz.analysis.term_maps import TermMaps
from phenaki_viz.figures.clauses import lead_of, with_sign
from phenaki_viz.figures.head import wrong_notes
from phenaki_viz.figures.ledger_views import unknown_note
from phenaki_viz.figures.mask_views import said
from phenaki_viz.nouns import counted, subject
from phenaki_viz.recording import Places
from tests.analysis.records import planted, uniform


@pytest.mark.parametrize(
    ("value", "said"),
    [(-0.0, "0.00"), (-0.004, "0.00"), (0.004, "0.00"), (-2.2, "−2.20"), (0.3, "+0.30"),
     (-np.inf, "−inf")],
)  # fmt: skip
def test_a_number_that_rounds_to_zero_has_no_sign(value, said):
    assert with_sign(value) == said


@pytest.mark.parametrize(
    ("sentence", "first"),
    [
        ("Stays in its own time step (0.90 of its weight; 0.20 would be uniform); position",
         "Stays in its own time step"),
        ("Hardly chooses; spread as if evenly over 5 of 5 keys.", "Hardly chooses"),
        ("Reads “a (b); c” where there is something (0.55 of", "Reads “a (b); c” where there is "
         "something"),
        ("0.80 of its weight on its own place (1.5 × uniform).", "0.80 of its weight on its own "
         "place"),
        ("Sees one key alone.", "Sees one key alone"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_a_sentence_says_first_is_without_its_figures(sentence, first):
    assert lead_of(sentence) == first


def test_one_is_said_in_the_singular():
    assert [counted(at, "query") for at in (0, 1, 2)] == ["0 queries", "1 query", "2 queries"]
    assert subject(1, "row", "is", "are") == "1 row is"
    assert subject(1200, "row", "is", "are") == "1,200 rows are"
    assert wrong_notes([7]) == ("1 row is not a distribution and not drawn: 7",)
    assert wrong_notes([7, 9]) == ("2 rows are not a distribution and not drawn: 7, 9",)
    terms = TermMaps(values={}, cells=Cells(shape=(5, 5), cell=(1, 1), is_mean=True), unknown=1)
    assert unknown_note(terms)[0].startswith("1 cell has a stored weight of 0")


def test_masks_are_said_in_the_singular():
    places = Places((1, 1, 5), "video")
    causal = planted(np.tril(np.ones((1, 1, 5, 5))), places, causal=True)
    blind = replace(causal, key_mask=np.array([[False, True, True, True, True]]))
    text = said(blind, visibility(blind, 0), "padding")
    assert text == "1 query sees no key, weights there mean nothing: time 0, row 0, column 0"
    one_null = planted(uniform(1, 1, 5, 6), places, kind="cross", num_null_kv=1, words=("a",) * 5)
    padded = replace(one_null, key_mask=np.array([[True, False, False, False, False]]))
    text = said(padded, visibility(padded, 0), "padding")
    assert text == "every query sees at least 2 keys; 1 null key stays visible"
