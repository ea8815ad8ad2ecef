"""Arrows of heads: where they end, their colour and numbers, and what is drawn of none."""

import numpy as np
import pytest

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.arrows import AHEAD, BACK, MOST_NUMBERED, REACH, arrows_figure
from phenaki_viz.figures.theme import INK
from tests.figures.samples import arrows

SHIFTS = np.array([[[-1, 0, 2], [0, -1, 0]], [[0.5, 0.2, -0.2], [np.nan] * 3]])


def small(**changes):
    given = {"layers": ("L0", "L1"), "heads": ("H0", "H1"), "shifts": SHIFTS, "selected": (1, 0)}
    return arrows(**given | changes)


def test_an_arrow_ends_right_and_down_by_columns_and_rows_on_one_scale():
    picture = small()
    assert picture.longest == 2
    assert picture.tip(0, 0) == (REACH, 0) and picture.tip(0, 1) == (0, -REACH / 2)
    assert picture.tip(1, 1) is None
    drawn = [one for one in arrows_figure(picture).layout.annotations if one.showarrow]
    ends = [(one.x - one.ax, one.y - one.ay) for one in drawn]
    assert ends == [pytest.approx(picture.tip(*at)) for at in ((0, 0), (0, 1), (1, 0))]
    assert drawn[0].ax == drawn[2].ax == 0 and drawn[2].ay == 1  # layers down, heads across


def test_colours_and_numbers_tell_earlier_from_later():
    picture = small()
    each = [picture.colour(*at, "light") for at in np.ndindex(2, 2)]
    assert each == [BACK["light"], INK["light"].text, AHEAD["light"], INK["light"].text]
    assert [picture.time(*at) for at in np.ndindex(2, 2)] == ["−1.0 t", "0 t", "+0.5 t", ""]
    layers, heads = MOST_NUMBERED
    for shape in ((1, heads + 1), (layers + 1, 1)):
        down, across = (tuple(map(str, range(size))) for size in shape)
        many = arrows(shifts=np.zeros((*shape, 3)), layers=down, heads=across, selected=None)
        assert many.time(0, 0) == ""


def test_of_maps_over_time_alone_arrows_go_along_time():
    shifts = SHIFTS.copy()
    shifts[..., 1:] = np.nan
    picture = small(shifts=shifts)
    assert picture.over_time and picture.longest == 1
    assert picture.tip(0, 0) == (-REACH, 0) and picture.tip(1, 0) == (REACH / 2, 0)
    assert any("time steps" in one.label for one in picture.swatches("light"))
    assert not small().over_time and len(small().swatches("dark")) == 3


def test_of_maps_over_space_alone_nothing_is_said_of_time():
    shifts = SHIFTS.copy()
    shifts[..., 0] = np.nan
    picture = small(shifts=shifts)
    assert [one.label for one in picture.swatches("light")] == ["half a cell is 2.4 patches"]
    assert picture.time(0, 0) == "" and picture.tip(0, 0) == (REACH, 0)
    assert picture.colour(0, 0, "light") == INK["light"].text


def test_sizes_that_disagree_are_refused():
    with pytest.raises(ShapeError, match=r"Arrows\.layers"):
        small(layers=("L0",))
    with pytest.raises(ShapeError, match=r"Arrows\.shifts"):
        small(shifts=SHIFTS[..., :2])
