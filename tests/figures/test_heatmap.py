import numpy as np
import pytest

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.figures import ColourScale
from phenaki_viz.figures.colour import LEFT_OUT_COLOUR, MASKED_COLOUR, WRONG_COLOUR, lut
from phenaki_viz.figures.heatmap import map_image, swatches
from phenaki_viz.figures.paint import rgb
from tests.figures.samples import axis, heatmap


def test_masked_wrong_and_left_out_cells_are_apart_and_in_their_own_colours():
    left_out = np.zeros((5, 7), bool)
    left_out[2] = True
    picture = heatmap(wrong=(0, 3), left_out=left_out)
    colours = map_image(picture)
    assert (colours[[0, 3]] == rgb(WRONG_COLOUR)).all()
    others = np.array([1, 2, 4])
    assert (colours[others][picture.hidden[others]] == rgb(MASKED_COLOUR)).all()
    assert (colours[2][~picture.hidden[2]] == rgb(LEFT_OUT_COLOUR)).all()


def test_the_legend_names_what_is_there_and_no_more():
    drawn = [one.label for one in swatches(heatmap(wrong=(1, 4)))]
    assert drawn == ["masked", "not a distribution: rows 1, 4"]
    assert not swatches(heatmap(hidden=None))


@pytest.mark.parametrize("law", ["linear", "log", "sqrt"])
def test_the_colour_of_a_raw_weight_is_the_scale_s(law):
    scale = ColourScale(low=0.001, high=0.5, law=law)
    values = np.array([[0.001, 0.003, 0.02, 0.1, 0.31, 0.5, 0.7]] * 5, np.float32)
    colours = map_image(heatmap(values=values, hidden=None, scale=scale))
    wanted = lut("magma")[np.rint(255 * scale.unit(values)).astype(int)]
    np.testing.assert_array_equal(colours, wanted)


def test_a_long_map_has_no_square_cells():
    assert heatmap().square
    assert not heatmap(values=np.ones((5, 23), np.float32), hidden=None, key=axis("key", 23)).square


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"values": np.ones((5, 7, 1))}, "(i, j), got shape (5, 7, 1)"),
        ({"values": np.ones((0, 7))}, "got shape (0, 7)"),
        ({"key": axis("key", 6)}, "names 6, the array has 7 cells"),
        ({"hidden": np.zeros((7, 5), bool)}, "(i=5, j=7), got shape (7, 5)"),
        ({"uniform": np.ones(7)}, "(i=5), got shape (7,)"),
        ({"wrong": (5,)}, "(5,) is not inside shape (5,)"),
        ({"key": axis("key", 7, (7,))}, "rise from 1 to 6"),
        ({"key": axis("key", 7, (4, 2))}, "rise from 1 to 6"),
    ],
)
def test_shapes_that_disagree_are_said(changes, said):
    with pytest.raises(ShapeError) as error:
        heatmap(**changes)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "scale",
    [
        ColourScale(low=0, high=1, law="log"),
        ColourScale(low=1, high=0),
        ColourScale(low=0, high=float("nan")),
    ],
)
def test_a_scale_that_gives_no_colours_is_refused(scale):
    with pytest.raises(ConfigError):
        heatmap(scale=scale)
