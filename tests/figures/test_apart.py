import pytest

from phenaki_viz.figures.apart import ordinal, told_apart
from phenaki_viz.figures.words import shortened


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ((), ()),
        (("two", "and", "two"), ("two (1st)", "and", "two (2nd)")),
        (("a", "a\x00"), ("a (1st)", "a (2nd)")),  # they read alike
        (("\u200e", "b"), ("(blank)", "b")),
        (("two", "two", "two (1st)"), ("0: two (1st)", "two (2nd)", "2: two (1st)")),
    ],
)
def test_no_two_keys_read_alike(names, wanted):
    assert told_apart(names) == wanted
    assert len(set(told_apart(names))) == len(names)


def test_ordinals_and_their_place_at_the_end_of_short_names():
    wanted = ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]
    assert [ordinal(at) for at in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == wanted
    long = told_apart(("internationalisation",) * 2)
    assert [name[-6:] for name in shortened(long)] == [" (1st)", " (2nd)"]
    assert max(map(len, shortened(long))) <= 16
