"""The faces of all heads at once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from phenaki_viz.export.faces import Arrays, Faces, Rows
from phenaki_viz.export.numbers import as_float32, as_words, guarded, if_given
from phenaki_viz.export.panel_pages import grid_page
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.head_grid import HeadGrid, mosaic_image

if TYPE_CHECKING:
    from phenaki_viz.export.paper import Sheet


class HeadGridFaces(Faces[HeadGrid]):
    """Layers down, heads across; a tile is a small map or one number."""

    kind = HeadGrid

    def page(self, picture: HeadGrid, script: str | None) -> bytes:
        """The page's own panel."""
        return grid_page(picture)

    def sheet(self, picture: HeadGrid, *, vector: bool) -> "Sheet":
        """Tiles with the names of layers and heads."""
        from phenaki_viz.export.paper_maps import head_grid_sheet

        return head_grid_sheet(picture, vector=vector)

    def arrays(self, picture: HeadGrid) -> Arrays:
        """Thumbnails 'l h y x', numbers 'l h', the ends of colours."""
        return {
            "thumbnails": as_float32(picture.thumbnails),
            "unit": as_words(picture.unit),
            "layers": as_words(picture.layers),
            "heads": as_words(picture.heads),
            "colour_ends": _ends(picture.scales),
            **if_given("values", picture.values, np.float32),
            **if_given("selected", picture.selected, np.int64),
        }

    def rows(self, picture: HeadGrid) -> Rows:
        """A line a head where a tile is a number, a line a cell where it is a map."""
        unit = guarded(picture.unit or "value")
        if picture.values is not None:
            yield ["layer", "head", unit]
            values = as_float32(picture.values)
            for layer, head in np.ndindex(values.shape):
                yield [*_head(picture, layer, head), str(values[layer, head])]
            return
        yield ["layer", "head", "row", "column", unit]
        for layer, head, row, column in np.ndindex(picture.thumbnails.shape):
            value = np.float32(picture.thumbnails[layer, head, row, column])
            yield [*_head(picture, layer, head), row, column, str(value)]

    def remarks(self, picture: HeadGrid) -> Iterator[str]:
        """What NaN and infinity mean."""
        if picture.values is None:
            yield "nan: masked; inf: a row that is not a distribution"

    def small(self, picture: HeadGrid) -> np.ndarray:
        """All tiles."""
        return mosaic_image(picture)


def _head(picture: HeadGrid, layer: int, head: int) -> tuple[str, str]:
    return guarded(picture.layers[layer]), guarded(picture.heads[head])


def _ends(scales: ColourScale | tuple[tuple[ColourScale, ...], ...]) -> np.ndarray:
    if isinstance(scales, ColourScale):
        return np.array([scales.low, scales.high], np.float64)
    return np.array([[(scale.low, scale.high) for scale in row] for row in scales], np.float64)


FACES = HeadGridFaces()
