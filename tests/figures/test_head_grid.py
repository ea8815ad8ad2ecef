import numpy as np
import pytest

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures import ColourScale
from phenaki_viz.figures.colour import MASKED_COLOUR, WRONG_COLOUR, lut
from phenaki_viz.figures.head_grid import (
    bar_words,
    mosaic_image,
    mosaic_of,
    number_tiles,
    tile_numbers,
)
from phenaki_viz.figures.paint import rgb
from tests.figures.samples import grid


def tile(image: np.ndarray, layer: int, head: int) -> np.ndarray:
    row, column = mosaic_of(grid()).corner(layer, head)
    return image[row : row + 5, column : column + 7]


def seen(picture):
    """The image's colours: 'row column 3'."""
    return mosaic_image(picture)[..., :3]


def test_one_mosaic_holds_every_head_at_its_place():
    picture = grid()
    for layer, head in np.ndindex(3, 2):
        raw = picture.thumbnails[layer, head]
        there = np.isfinite(raw)
        wanted = lut("magma")[np.rint(255 * picture.scales.unit(raw[there])).astype(int)]
        np.testing.assert_array_equal(tile(seen(picture), layer, head)[there], wanted)


def test_gaps_are_empty():
    assert (mosaic_image(grid())[..., 3] == 255).sum() == 3 * 2 * 5 * 7


def test_masked_and_wrong_cells_have_their_colours():
    image = seen(grid())
    masked = (tile(image, 0, 1) == rgb(MASKED_COLOUR)).all(axis=-1)
    assert np.argwhere(masked).tolist() == [[0, 6]]
    assert (tile(image, 2, 0) == rgb(WRONG_COLOUR)).all(axis=-1).sum() == 7


def test_each_head_on_its_own_scale_says_so():
    scales = tuple(
        tuple(ColourScale(low=0, high=0.1 * (2 * row + column + 1)) for column in range(2))
        for row in range(3)
    )
    picture = grid(scales=scales)
    raw = picture.thumbnails[1, 1]
    np.testing.assert_allclose(picture.units[1, 1], scales[1][1].unit(raw))
    assert bar_words(picture) == ([0, 1], ["lowest", "highest"])
    assert picture.bar_unit.endswith("each head on its own scale")
    assert bar_words(grid()) is None


def test_a_metric_fills_its_tile_and_is_printed_on_it():
    values = np.array([[0.5, 1.25], [np.nan, 3], [4, 5]], np.float32)
    picture = grid(values=values, scales=ColourScale(low=0, high=5, palette="viridis"))
    colour = lut("viridis")[round(255 * 1.25 / 5)]
    assert (tile(seen(picture), 0, 1) == colour).all()
    assert (tile(seen(picture), 1, 0) == rgb(MASKED_COLOUR)).all()
    numbers = tile_numbers(picture)
    assert [(layer, head, number) for layer, head, number, _ in numbers] == [
        (0, 0, "0.5"),
        (0, 1, "1.2"),
        (1, 1, "3"),
        (2, 0, "4"),
        (2, 1, "5"),
    ]
    assert numbers[0][3] == "#ffffff" and numbers[-1][3] == "#111111"


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


def test_a_number_a_head_is_a_tile_of_one_cell():
    values = np.arange(15.0).reshape(3, 5)
    tiles = number_tiles(values)
    assert tiles.shape == (3, 5, 1, 1) and tiles.dtype == np.float32
    np.testing.assert_array_equal(tiles[..., 0, 0], values)


def test_patches_of_tiles_that_are_frames_are_square():
    wide = {"thumbnails": np.full((3, 2, 2, 7), 0.1, np.float32)}
    assert mosaic_of(grid(**wide)).ratio == pytest.approx(1.75)  # a map is at most twice as wide
    assert mosaic_of(grid(**wide, framed=True)).ratio == 1
