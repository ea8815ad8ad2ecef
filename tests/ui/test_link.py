import pytest

from phenaki_viz.ui.components.film_strip import MOST_PATCHES
from phenaki_viz.ui.state.link import _is_sane, groups_text, number_groups, whole_number


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ()),
        ("2.1.3", ((2, 1, 3),)),
        ("2.1.3_0.0.1_2.1.3", ((2, 1, 3), (0, 0, 1))),
        ("2.1_x.1.2_-1.0.0_1.2.3.4_1.x.2.3_²..1_4.5.6", ((4, 5, 6),)),
    ],
)
def test_groups_in_a_link_are_read_and_what_cannot_be_is_dropped(text, wanted):
    assert number_groups(text, 3, 9) == wanted


def test_groups_are_written_as_they_are_read_and_bounded():
    places = tuple((t, 1, w) for t in range(20) for w in range(20))
    assert number_groups(groups_text(places), 3, 400) == places
    assert number_groups(groups_text(places), 3, MOST_PATCHES) == places[:MOST_PATCHES]


def test_whole_numbers_are_digits_that_int_will_read():
    assert whole_number("0042") == 42
    for text in ("", "-1", "1.0", " 1", "²", "٣", "1e3", "9" * 5000):
        assert whole_number(text) is None


def test_numbers_that_no_page_can_read_are_told_from_words_and_from_those_it_can():
    for text in ("9" * 400, "9" * 5000, "Infinity", "-inf", "NaN", "1e400", str(2**31), "-3e9"):
        assert not _is_sane(text)
    for text in ("", "0", "-1", "1.5", str(2**31 - 1), "\x00", "²", "two", "1.1_2.2", "x" * 5000):
        assert _is_sane(text)
