import numpy as np
import pytest

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures import ColourScale, head_grid_figure
from phenaki_viz.figures.colour import MASKED_COLOUR, WRONG_COLOUR, lut
from phenaki_viz.figures.head_grid import mosaic_image, mosaic_of, tile_numbers
from phenaki_viz.figures.paint import rgb
from tests.figures.samples import grid


def traces(figure) -> dict:
    return {trace.name: trace for trace in figure.data}


def tile(image: np.ndarray, layer: int, head: int) -> np.ndarray:
    row, column = mosaic_of(grid()).corner(layer, head)
    return image[row : row + 5, column : column + 7]


def test_one_mosaic_holds_every_head_at_its_place():
    picture = grid()
    drawn = traces(head_grid_figure(picture))["map"]
    for layer, head in np.ndindex(3, 2):
        raw = picture.thumbnails[layer, head]
        np.testing.assert_array_equal(tile(drawn.customdata, layer, head), raw)
        unit = np.where(np.isinf(raw), np.nan, picture.scales.unit(raw))
        np.testing.assert_allclose(tile(drawn.z, layer, head), unit, rtol=1e-6)


def test_gaps_are_empty():
    drawn = traces(head_grid_figure(grid()))
    filled = sum((~np.isnan(drawn[name].z)).sum() for name in drawn if name != "colour bar")
    assert filled == 3 * 2 * 5 * 7


def test_masked_and_wrong_cells_have_their_colours():
    drawn = traces(head_grid_figure(grid()))
    for name, colour in (("masked", MASKED_COLOUR), ("not a distribution", WRONG_COLOUR)):
        assert drawn[name].colorscale[0][1] == colour
    assert np.argwhere(~np.isnan(tile(drawn["masked"].z, 0, 1))).tolist() == [[0, 6]]
    assert (~np.isnan(tile(drawn["not a distribution"].z, 2, 0))).sum() == 7


def test_hover_names_layer_head_and_the_raw_number():
    drawn = traces(head_grid_figure(grid()))["map"]
    row, column = mosaic_of(grid()).corner(2, 1)
    assert drawn.y[row].startswith("L2 · row 0") and drawn.x[column].startswith("H1 · column 0")
    assert "attention weight %{customdata:.4~g}" in drawn.hovertemplate
    assert len(set(drawn.x)) == len(drawn.x) and len(set(drawn.y)) == len(drawn.y)


def test_each_head_on_its_own_scale_says_so():
    scales = tuple(
        tuple(ColourScale(low=0, high=0.1 * (2 * row + column + 1)) for column in range(2))
        for row in range(3)
    )
    picture = grid(scales=scales)
    drawn = traces(head_grid_figure(picture))
    raw = picture.thumbnails[1, 1]
    np.testing.assert_allclose(tile(drawn["map"].z, 1, 1), scales[1][1].unit(raw))
    bar = drawn["colour bar"].marker.colorbar
    assert list(bar.ticktext) == ["lowest", "highest"]
    legend = next(
        n.text for n in head_grid_figure(picture).layout.annotations if n.name == "legend"
    )
    assert "each head on its own scale" in legend


def test_a_metric_fills_its_tile_and_is_printed_on_it():
    values = np.array([[0.5, 1.25], [np.nan, 3], [4, 5]], np.float32)
    picture = grid(values=values, scales=ColourScale(low=0, high=5, palette="viridis"))
    drawn = traces(head_grid_figure(picture))
    assert (tile(drawn["map"].customdata, 0, 1) == 1.25).all()
    assert not np.isnan(tile(drawn["masked"].z, 1, 0)).any()
    numbers = tile_numbers(picture)
    assert [(layer, head, number) for layer, head, number, _ in numbers] == [
        (0, 0, "0.5"),
        (0, 1, "1.2"),
        (1, 1, "3"),
        (2, 0, "4"),
        (2, 1, "5"),
    ]
    assert numbers[0][3] == "#ffffff" and numbers[-1][3] == "#111111"


def test_the_selected_head_is_outlined_and_its_names_are_bold():
    layout = head_grid_figure(grid(selected=(2, 1))).layout
    row, column = mosaic_of(grid()).corner(2, 1)
    (box,) = [shape for shape in layout.shapes if shape.name == "selected"]
    assert box.x0 < column and box.x1 > column + 6 and box.y0 < row and box.y1 > row + 4
    assert list(layout.xaxis.ticktext) == ["H0", "<b>H1</b>"]
    assert list(layout.yaxis.ticktext) == ["L0", "L1", "<b>L2</b>"]
    assert not head_grid_figure(grid(selected=None)).layout.shapes


def test_layers_run_down_and_names_stand_by_the_middle_of_their_tiles():
    layout = head_grid_figure(grid()).layout
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    rows = [mosaic_of(grid()).corner(layer, 0)[0] for layer in range(3)]
    assert list(layout.yaxis.tickvals) == [row + 2 for row in rows]


def test_the_image_for_print_has_the_same_colours():
    picture = grid()
    image = mosaic_image(picture)
    unit = float(picture.scales.unit(picture.thumbnails[1, 1, 3, 2]))
    assert tile(image, 1, 1)[3, 2].tolist() == [*lut("magma")[round(unit * 255)], 255]
    assert tuple(tile(image, 0, 1)[0, 6, :3]) == rgb(MASKED_COLOUR)
    assert tuple(tile(image, 2, 0)[4, 0, :3]) == rgb(WRONG_COLOUR)
    row, column = mosaic_of(picture).corner(1, 1)
    assert image[row - 1, column, 3] == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"thumbnails": np.zeros((3, 2, 5))}, "(l, h, y, x)"),
        ({"layers": ("L0", "L1")}, "names 2, the array has 3 layers"),
        ({"heads": ("H0",)}, "names 1, the array has 2 heads"),
        ({"scales": ((ColourScale(low=0, high=1),) * 3,) * 3}, "names 3, the array has 2 heads"),
        ({"values": np.zeros((2, 3))}, "(l=3, h=2), got shape (2, 3)"),
        ({"selected": (0, 2)}, "(0, 2) is not inside shape (3, 2)"),
    ],
)
def test_shapes_that_disagree_are_said(changes, said):
    with pytest.raises(ShapeError) as error:
        grid(**changes)
    assert said in str(error.value)
