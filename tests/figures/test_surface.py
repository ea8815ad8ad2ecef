import numpy as np
import pytest

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures import flat_figure, surface_figure
from phenaki_viz.figures.surface_figure import height_at, outline_path
from tests.figures.samples import surface


def traces(figure) -> dict:
    return {trace.name: trace for trace in figure.data}


def test_height_and_hover_are_raw_and_colour_follows_the_scale():
    picture = surface()
    drawn = traces(surface_figure(picture))["surface"]
    np.testing.assert_array_equal(drawn.z, picture.z)
    np.testing.assert_array_equal(drawn.surfacecolor, picture.scale.unit(picture.z))
    assert (drawn.cmin, drawn.cmax) == (0, 1)
    assert "added to the score %{z:.4~g}" in drawn.hovertemplate
    assert list(drawn.colorbar.ticktext) == ["−2", "−1", "0", "1", "2"]


def test_ticks_are_whole_offsets():
    scene = surface_figure(surface()).layout.scene
    assert list(scene.xaxis.tickvals) == [-3, -2, -1, 0, 1, 2, 3]
    assert list(scene.yaxis.ticktext) == ["−2", "−1", "0", "+1", "+2"]
    wide = surface(x=np.arange(-30, 31).astype(np.float32), z=np.ones((5, 61), np.float32))
    ticks = flat_figure(wide).layout.xaxis.tickvals
    assert len(ticks) <= 11 and 0 in ticks and len(set(np.diff(ticks))) == 1


def test_the_trained_range_lies_on_the_surface():
    picture = surface()
    line = traces(surface_figure(picture))["trained range"]
    assert (min(line.x), max(line.x), min(line.y), max(line.y)) == (-2, 2, -1, 1)
    assert (line.x[0], line.y[0]) == (line.x[-1], line.y[-1])
    below = height_at(picture, np.array(line.x), np.array(line.y))
    lift = np.array(line.z) - below
    assert (lift > 0).all() and lift.max() < 0.05 * np.ptp(picture.z)
    corner = next(at for at in range(len(line.x)) if (line.x[at], line.y[at]) == (2, 1))
    assert below[corner] == pytest.approx(picture.z[3, 5])


def test_a_range_wider_than_the_surface_ends_at_its_rim():
    x, y = outline_path(surface(), (-9, 9, -9, 0.5))
    assert (x.min(), x.max(), y.min(), y.max()) == (-3, 3, -2, 0.5)


def test_flat_shows_cells_and_the_rectangle_around_whole_cells():
    picture = surface()
    figure = flat_figure(picture)
    np.testing.assert_array_equal(traces(figure)["map"].z, picture.z)
    (box,) = figure.layout.shapes
    assert (box.x0, box.x1, box.y0, box.y1) == (-2.5, 2.5, -1.5, 1.5)
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]


def test_without_a_trained_range_there_is_no_line_and_no_legend_of_it():
    picture = surface(trained=None)
    assert not flat_figure(picture).layout.shapes
    assert "trained range" not in traces(surface_figure(picture))
    assert "has seen" not in surface_figure(picture).to_json()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"z": np.zeros(5)}, "(y, x), got shape (5,)"),
        ({"x": np.arange(5)}, "(x=7), got shape (5,)"),
        ({"y": np.arange(7)}, "(y=5), got shape (7,)"),
        ({"trained": (1, 2, 3)}, "got shape (3,)"),
    ],
)
def test_shapes_that_disagree_are_said(changes, said):
    with pytest.raises(ShapeError) as error:
        surface(**changes)
    assert said in str(error.value)
