"""Whether two maps can be laid on each other; if not, why, in words that name what differs."""

from dataclasses import replace

import pytest

from phenaki_viz.analysis.laid import lay, stack_like, why_apart, words_apart
from phenaki_viz.recording import Places, Recording
from tests.analysis.planted_heads import cross_record, recording, self_record
from tests.analysis.records import planted, uniform


def grid(t, h, w, counts="video", **changes):
    places = Places((t, h, w), counts)
    n, items = places.tokens, places.items_per_video
    nulls = changes.get("num_null_kv", 0)
    return planted(uniform(items, 3, n, n + nulls), places, **changes)


def texted(*words, nulls=2):
    places = Places((2, 3, 4), "video")
    return planted(
        uniform(1, 3, 24, nulls + len(words)), places, kind="cross", words=words,
        num_null_kv=nulls,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (grid(2, 3, 4), grid(2, 4, 3), "other grids: A has 2 × 3 × 4 patches"),
        (grid(2, 3, 4), grid(3, 3, 4), "B has 3 × 3 × 4 patches (time steps × rows × columns)"),
        (grid(2, 3, 4), grid(24, 1, 1, "sequence"), "other kinds: A is self-attention over the"),
        (grid(2, 3, 4, "frame"), grid(2, 3, 4, "patch"), "within frames, B is self-attention over"),
        (grid(9, 1, 1, "sequence"), grid(7, 1, 1, "sequence"), "A has 9 tokens, B has 7 tokens"),
        (grid(2, 3, 4), grid(2, 3, 4, num_null_kv=2), "other null keys: A 0, B 2"),
        (texted("a", "b"), texted("a", "c"), "other words: “b” and “c”"),
        (texted("a", "b"), texted("a"), "A's text has 2, B's 1"),
        (texted("a", "b"), texted("a", "b", nulls=1), "other null keys: A 2, B 1"),
        (texted("a"), grid(2, 3, 4), "A is cross-attention over the whole video, B is self-"),
        (cross_record(), replace(cross_record(), words=tuple("xyz")), "“right” and “z”"),
    ],
)  # fmt: skip
def test_why_not_names_what_differs(one, other, why):
    assert any(why in said for said in why_apart(one, other)), why_apart(one, other)
    assert why_apart(one, one) == () and why_apart(other, other) == ()
    assert bool(why_apart(other, one))


def test_other_batch_items_have_nothing_in_common():
    one = grid(5, 2, 3, "frame")
    first, last = (
        replace(one, map=planted(uniform(2, 3, 6, 6)).map, batch_items=items)
        for items in ((0, 1), (3, 4))
    )
    assert why_apart(first, last) == ("No item of the batch was recorded in both",)
    assert why_apart(one, last) == ()


def test_many_words_are_not_all_named():
    one, other = texted(*"abcdef"), texted(*"uvwxyz")
    (why,) = why_apart(one, other)
    assert why.endswith("“c” and “w” and 3 more")
    assert words_apart(one, other)[5] == ("f", "z")


def test_words_can_lie_by_their_place_where_both_texts_have_as_many():
    one, other = texted("two", "moving", "left"), texted("seven", "moving", "right")
    strict, loose = lay([one], [other]), lay([one], [other], by_place=True)
    assert not strict.can and strict.only_words and strict.by_place == ()
    assert loose.can and loose.by_place == (("two", "seven"), ("left", "right"))
    shorter = lay([one], [texted("two")], by_place=True)
    assert not shorter.can and not shorter.only_words
    assert lay([one], [one], by_place=True).by_place == ()


def test_what_both_have_is_laid_and_what_is_missing_is_named():
    layers = [grid(2, 3, 4, layer=at, module=f"layers.{at}.1") for at in range(7)]
    laid = lay(layers, layers[:2])
    assert laid.can and [one.layer for one, _ in laid.pairs] == [0, 1]
    assert laid.missing == ("B has no layers 2, 3, 4 and 2 more",)
    assert lay(layers[:2], layers[:3]).missing == ("A has no layer 2",)
    fewer = replace(layers[0], map=planted(uniform(1, 2, 24, 24)).map, heads=(0, 2))
    laid = lay([layers[0]], [fewer])
    assert laid.can and laid.heads == (0, 2) and laid.missing == ("B has no head 1",)
    strangers = replace(fewer, heads=(5, 6))
    assert lay([layers[0]], [strangers]).reasons == ("They have no head in common",)
    assert lay(layers[:1], layers[3:4]).reasons == ("A has no layer 3", "B has no layer 0")
    assert not lay([], []).can


def test_a_stack_is_found_by_name_or_as_the_only_one_that_runs_alike():
    mine, cross = self_record(), cross_record()
    other = recording()
    assert stack_like([mine], other)[0].map.shape == mine.map.shape
    renamed = [replace(one, stack="transformer") for one in other]
    assert stack_like([mine], Recording(renamed))[0].kind == "self"
    assert stack_like([cross], Recording(renamed))[0].kind == "cross"
    assert stack_like([grid(2, 3, 4, "frame")], Recording(renamed)) == []
    twice = [*renamed, replace(renamed[1], stack="second", module="second.layers.0.1")]
    assert stack_like([mine], Recording(twice)) == []
