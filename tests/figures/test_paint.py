from typing import get_args

import matplotlib
import numpy as np
import pytest

from phenaki_viz.figures import ColourScale
from phenaki_viz.figures.colour import MASKED_COLOUR, WRONG_COLOUR, Palette, lut
from phenaki_viz.figures.paint import flagged, painted, raw_colourscale, rgb


@pytest.mark.parametrize("palette", get_args(Palette))
def test_a_palette_is_matplotlib_s_own_table(palette):
    theirs = matplotlib.colormaps[palette](range(256), bytes=True)[:, :3]
    np.testing.assert_array_equal(lut(palette), theirs)
    with pytest.raises(ValueError, match="read-only"):
        lut(palette)[0] = 0  # every picture shares it


def test_ends_and_beyond_have_the_palette_s_ends():
    scale = ColourScale(low=0.1, high=0.4)
    colours = painted(np.array([-1, 0.1, 0.4, 9], np.float32), scale)
    np.testing.assert_array_equal(colours, lut("magma")[[0, 0, 255, 255]])


def test_flags_win_over_values_and_wrong_over_masked():
    colours = painted(np.zeros((2, 3), np.float32), ColourScale(low=0, high=1))
    masked = np.array([[1, 1, 0], [0, 0, 0]], bool)
    wrong = np.array([[1, 0, 0], [0, 0, 1]], bool)
    found = flagged(colours, masked, wrong)
    assert tuple(found[0, 0]) == tuple(found[1, 2]) == rgb(WRONG_COLOUR)
    assert tuple(found[0, 1]) == rgb(MASKED_COLOUR)
    assert tuple(found[1, 1]) == tuple(lut("magma")[0])
    assert tuple(colours[0, 0]) == tuple(lut("magma")[0])


@pytest.mark.parametrize("log", [False, True])
def test_equal_ends_still_give_a_scale(log):
    scale = ColourScale(low=0.5, high=0.5, law="log" if log else "linear")
    low, high = scale.ends
    assert high > low
    places = [place for place, _ in raw_colourscale(scale)]
    assert places[0] == 0 and places[-1] == 1 and places == sorted(places)


def test_not_a_number_is_no_error():
    assert painted(np.array([np.nan, np.inf]), ColourScale(low=0, high=1)).shape == (2, 3)


def test_square_root_colours_lie_where_the_root_is():
    scale = ColourScale(low=0, high=0.5, law="sqrt")
    np.testing.assert_allclose(scale.unit(np.array([0, 0.125, 0.5, 0.9])), [0, 0.5, 1, 1])
    stops = raw_colourscale(scale)
    assert stops[51][0] == pytest.approx(0.04) and stops[-1][0] == 1  # a fifth, squared
    assert stops[51][1] == "rgb({},{},{})".format(*lut("magma")[51])
