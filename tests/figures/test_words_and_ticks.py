import html
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenaki_viz.figures import Axis, ColourScale
from phenaki_viz.figures.apart import shortly
from phenaki_viz.figures.ticks import (
    axis_ticks,
    colour_ticks,
    decade_ticks,
    even_ticks,
    whole_ticks,
)
from phenaki_viz.figures.words import (
    distinct,
    listed,
    literal,
    plain,
    powers,
    quoted,
    shortened,
    spoken,
    wrapped,
)

quick = settings(max_examples=60, deadline=None)


@quick
@given(st.text())
def test_literal_text_holds_no_markup_and_reads_back(text):
    escaped = literal(text)
    assert not set(escaped) & set("<>$") and "%{" not in escaped
    assert html.unescape(escaped) == plain(text)


@quick
@given(st.text())
def test_plain_text_is_one_printable_line(text):
    line = plain(text)
    line.encode()
    assert line == " ".join(line.split()) and len(line) <= 400
    assert not any(ord(letter) < 32 or 0x202A <= ord(letter) <= 0x202E for letter in line)


@quick
@given(st.text(alphabet="abc ·<", max_size=120), st.integers(5, 50))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrapped(text, width)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wrapping_keeps_short_parts_together():
    title = "L3 H5 · self attention · time 2, row 3, column 2 · looks at"
    assert "time 2, row 3, column 2" in "|".join(wrapped(title, 40))


def test_names_of_cells_stay_apart():
    names = distinct(("a", "a", "<b>", "7"))
    assert len(set(names)) == 4 and names[2].startswith("&lt;b&gt;")
    assert not any(name.isdigit() for name in names)


def test_short_names_leave_out_what_all_share():
    assert shortened(("time 0, row 3", "time 1, row 3")) == ("time 0", "time 1")
    assert shortened(("a, b", "c")) == ("a, b", "c")
    assert shortened(("same, same", "same, same")) == ("same, same", "same, same")
    assert shortened(("x" * 40,))[0].endswith("…")


@pytest.mark.parametrize(
    ("value", "said"),
    [(-0.0, "0"), (0.5, "0.5"), (-2, "−2"), (1e-5, "1e−5"), (3e20, "3e20"), (0.1 + 0.2, "0.3")],
)
def test_spoken_numbers(value, said):
    assert spoken(value) == said


def test_long_lists_are_cut():
    assert listed((1, 2, 3)) == "1, 2, 3"
    assert listed(tuple(range(9))) == "0, 1, 2, 3 and 5 more"


finite = st.floats(-1e6, 1e6, allow_nan=False)


@quick
@given(finite, st.floats(1e-6, 1e6), st.integers(3, 9))
def test_even_ticks_lie_inside_evenly_and_are_few(low, span, most):
    high = low + span
    ticks = even_ticks(low, high, most)
    slack = 1e-6 * span + 1e-9 * abs(low)
    assert 1 <= len(ticks) <= most
    assert low - slack <= ticks[0] and ticks[-1] <= high + slack
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[:1], rtol=1e-3, atol=slack)


@quick
@given(st.floats(1e-12, 1e3), st.floats(1.0001, 1e12))
def test_decade_ticks_lie_inside_and_are_few(low, factor):
    ticks = decade_ticks(low, low * factor)
    assert 1 <= len(ticks) <= 6
    assert all(low * (1 - 1e-6) <= at <= low * factor * (1 + 1e-6) for at in ticks)
    assert ticks == sorted(ticks)


def test_decades_are_named_with_2_and_5_when_there_is_one():
    assert decade_ticks(0.02, 0.3) == pytest.approx([0.02, 0.05, 0.1, 0.2])
    assert decade_ticks(1e-4, 1) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])


@pytest.mark.parametrize("log", [False, True])
def test_colour_ticks_say_the_value_at_their_place(log):
    scale = ColourScale(low=0.001, high=0.7, law="log" if log else "linear")
    for place, label in zip(*colour_ticks(scale), strict=True):
        assert float(scale.unit(np.array(float(label)))) == pytest.approx(place, abs=1e-6)


@quick
@given(st.integers(-50, 50), st.integers(1, 90), st.integers(2, 11))
def test_whole_ticks_are_whole_inside_and_few(low, count, most):
    ticks = whole_ticks(np.arange(low, low + count, dtype=np.float32), most)
    assert all(isinstance(at, int) and low <= at < low + count for at in ticks)
    assert len(ticks) <= most
    assert 0 in ticks or not low <= 0 < low + count


def axis(cells: int, breaks=(), groups=()) -> Axis:
    return Axis(title="key", names=tuple(map(str, range(cells))), breaks=breaks, groups=groups)


def test_few_cells_are_all_named():
    assert axis_ticks(axis(3)) == ([0, 1, 2], ["0", "1", "2"])


def test_many_cells_are_named_by_their_groups():
    assert axis_ticks(axis(30, (2,), ("null", "text"))) == ([0.5, 15.5], ["null", "text"])


def test_many_cells_without_groups_are_named_now_and_then():
    places, labels = axis_ticks(axis(100))
    assert len(places) <= 12 and labels == [str(int(at)) for at in places]


def test_many_groups_are_named_now_and_then():
    breaks = tuple(range(2, 80, 2))
    _, labels = axis_ticks(axis(80, breaks, tuple(f"g{at}" for at in range(40))))
    assert labels[:2] == ["g0", "g4"] and len(labels) <= math.ceil(40 / 4)


def test_no_power_of_ten_breaks_at_its_sign():
    assert powers("checked to 4.9e-07 (15 of 180 rows), 1e-12") == (
        "checked to 4.9e−7 (15 of 180 rows), 1e−12"
    )
    assert powers("pre-conv e-mail 2e+05 L3e-b") == "pre-conv e-mail 2e+05 L3e-b"


@pytest.mark.parametrize(
    ("pair", "wanted"),
    [
        (("“two dogs”", "“six dogs”"), ("“two dogs”", "“six dogs”")),
        (
            ("“a long tale of two dogs”", "“a long tale of six dogs”"),
            ("“… two dogs”", "“… six dogs”"),
        ),
        (("a tale of two small dogs", "a tale of two"), ("… two small dogs", "… two")),
        (("a tale of two small dogs", ""), ("a tale of two smal…", "")),
        (("two " * 9, "six " * 9), ("two two two two tw…", "six six six six si…")),
        (
            ("“seven moving right and two”", "“zero moving right and two”"),
            ("“seven …”", "“zero …”"),
        ),
        (("a b two c d e f g h i j", "a b six c d e f g h i j"), ("… two …", "… six …")),
        (("", "a tale of two small dogs"), ("", "a tale of two smal…")),
    ],
)
def test_two_long_names_are_told_from_where_they_differ(pair, wanted):
    assert shortly(*pair, longest=19) == wanted


def test_a_word_of_hundreds_of_letters_leaves_room_for_the_sentence():
    assert quoted("two") == "“two”"
    assert quoted("pneumonoultramicroscopic" * 2) == "“pneumonoultramicroscopicpne…”"
