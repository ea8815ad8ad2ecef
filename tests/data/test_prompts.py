import pytest
import torch

from phenaki_viz.data import embed_words, read_prompt


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seven moving right", ("seven", "moving", "right")),
        ("  two\n\tdown ", ("two", "down")),
        ("<script>alert(1)</script>", ("<script>alert(1)</script>",)),
        ("**bold** $\\href{}$ ![](http://x)", ("**bold**", "$\\href{}$", "![](http://x)")),
        ("a\x00b\u202ec", ("abc",)),
        (
            "\u200d two \u200c\u200d \U0001f3f3\ufe0f\u200d\U0001f308",
            ("two", "\U0001f3f3\ufe0f\u200d\U0001f308"),
        ),
        ("", ()),
    ],
)
def test_words_are_what_was_typed_markup_and_all(text, words):
    assert read_prompt(text).words == words


def test_what_was_cut_is_said():
    assert read_prompt("a\x00b").notes == ("1 invisible control character was removed",)
    assert read_prompt("a \u200d\x00").notes == ("2 invisible control characters were removed",)
    assert "no words" in read_prompt(" ").notes[0]
    many = read_prompt("w " * 40)
    assert len(many.words) == 32 and "40 words; the first 32" in many.notes[0]
    assert "the first 2,000 are used" in read_prompt("x" * 3000).notes[0]


def test_a_word_has_one_vector_wherever_it_stands():
    first = embed_words(("two", "and", "two"), 16, seed=3)
    assert first.shape == (1, 3, 16)
    assert torch.equal(first[0, 0], first[0, 2])
    assert torch.equal(embed_words(("x", "two"), 16, seed=3)[0, 1], first[0, 0])
    assert not torch.equal(embed_words(("two",), 16, seed=4)[0, 0], first[0, 0])
    assert embed_words((), 16, seed=3).shape == (1, 0, 16)
