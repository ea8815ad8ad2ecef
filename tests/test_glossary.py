"""One glossary: terms are found as they are written, and never in what a prompt says."""

import pytest

from phenaki_viz import glossary


def test_every_term_has_one_sentence():
    for name, term in glossary.TERMS.items():
        assert name == term.name and term.means[0].isupper() and term.means.endswith("."), name
        assert len(term.means) < 200, name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Reads null key 1 most (2.9 × uniform)", ["null key", "× uniform"]),
        ("spread as if evenly over 2.7 of 6 keys; more keys", ["keys"]),
        ("the keyboard, a monkey and a header", []),
        ("puts 71 % on “key”, then on “null key”", []),
        ("Decoding step 3 and a time step", ["Decoding step", "time step"]),
        ("self-attention and cross attention", ["self-attention", "cross attention"]),
    ],
)
def test_terms_are_found_as_they_are_written(text, found):
    assert list(glossary.found_in(text)) == found


def test_a_tooltip_says_meaning_and_source():
    assert glossary.about("ALiBi").startswith("ALiBi: A penalty on the score")
    assert glossary.about("ALiBi").endswith("(Press et al. 2022, Train Short, Test Long)")
    with pytest.raises(KeyError):
        glossary.about("understanding")
