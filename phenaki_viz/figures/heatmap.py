"""One attention map: queries down, keys across, every weight exact."""

from dataclasses import dataclass

import numpy as np

from phenaki_viz.figures.colour import LEFT_OUT_COLOUR, ColourScale
from phenaki_viz.figures.paint import flagged, painted, rgb
from phenaki_viz.figures.picture import Axis, Picture
from phenaki_viz.figures.shapes import expect_axis, expect_index, expect_scale, expect_shape
from phenaki_viz.figures.theme import Swatch, masked_swatch, wrong_swatch
from phenaki_viz.figures.words import listed

MOST_OBLONG = 3  # a longer map fills the plot instead of having square cells


@dataclass(frozen=True, kw_only=True, eq=False)
class Heatmap(Picture):
    """A map of weights, one row a query.

    values: 'i j' float32. hidden: 'i j' bool, cells a mask forbids. wrong: query rows that are
    not a distribution, not drawn. uniform: 'i' float32, the weight of a query that does not
    choose, so that hover can say a multiple of it. left_out: 'i j' bool, cells that are not shown
    by choice. Raises ShapeError when sizes disagree.
    """

    values: np.ndarray
    query: Axis
    key: Axis
    scale: ColourScale
    unit: str
    hidden: np.ndarray | None = None
    wrong: tuple[int, ...] = ()
    uniform: np.ndarray | None = None
    left_out: np.ndarray | None = None

    def __post_init__(self) -> None:
        expect_shape("Heatmap.values", self.values, {"i": None, "j": None})
        i, j = self.values.shape
        expect_scale("Heatmap.scale", self.scale)
        expect_axis("Heatmap.query", self.query, i)
        expect_axis("Heatmap.key", self.key, j)
        if self.hidden is not None:
            expect_shape("Heatmap.hidden", self.hidden, {"i": i, "j": j})
        if self.left_out is not None:
            expect_shape("Heatmap.left_out", self.left_out, {"i": i, "j": j})
        if self.uniform is not None:
            expect_shape("Heatmap.uniform", self.uniform, {"i": i})
        for row in self.wrong:
            expect_index("Heatmap.wrong", (row,), (i,))

    @property
    def wrong_cells(self) -> np.ndarray | None:
        """Cells of the wrong rows, 'i j' bool; None when no row is wrong."""
        if not self.wrong:
            return None
        cells = np.zeros(self.values.shape, bool)
        cells[list(self.wrong)] = True
        return cells

    @property
    def coloured(self) -> np.ndarray:
        """What the colours follow, 'i j' float32: the values, or their multiples of uniform."""
        uniform = None if self.uniform is None else self.uniform[:, None]
        return self.scale.measured(self.values, uniform)

    @property
    def square(self) -> bool:
        """Whether cells are drawn square."""
        i, j = self.values.shape
        return max(i, j) <= MOST_OBLONG * min(i, j)


def map_image(picture: Heatmap) -> np.ndarray:
    """The map as 'i j 3' uint8, one pixel a weight; flagged cells in their colours."""
    colours = painted(picture.coloured, picture.scale)
    if picture.left_out is not None:
        colours[picture.left_out] = rgb(LEFT_OUT_COLOUR)
    return flagged(colours, picture.hidden, picture.wrong_cells)


def swatches(picture: Heatmap) -> tuple[Swatch, ...]:
    """Legend entries of categories, masked and left-out cells and wrong rows, as there are any."""
    found = [Swatch(colour=colour, label=name) for colour, name in picture.scale.swatches]
    if picture.left_out is not None and picture.left_out.any():
        found.append(Swatch(colour=LEFT_OUT_COLOUR, label="left out"))
    if picture.hidden is not None and picture.hidden.any():
        found.append(masked_swatch())
    if picture.wrong:
        found.append(wrong_swatch(f"rows {listed(picture.wrong)}"))
    return tuple(found)
