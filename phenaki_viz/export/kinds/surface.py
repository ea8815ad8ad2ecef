"""The faces of a surface over two offsets."""

from typing import TYPE_CHECKING

import numpy as np

from phenaki_viz.export.faces import Arrays, PlotlyFaces, Rows
from phenaki_viz.export.numbers import as_float32, as_text, as_words, guarded, if_given
from phenaki_viz.figures.surface import Surface, surface_image
from phenaki_viz.figures.surface_figure import surface_figure
from phenaki_viz.figures.theme import Theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from phenaki_viz.export.paper import Sheet


class SurfaceFaces(PlotlyFaces[Surface]):
    """What is added to a score, by offset."""

    kind = Surface

    def figure(self, picture: Surface, theme: Theme, *, bare: bool) -> "go.Figure":
        """In three dimensions."""
        return surface_figure(picture, theme, bare=bare)

    def sheet(self, picture: Surface, *, vector: bool) -> "Sheet":
        """As a map, on which every cell can be read."""
        from phenaki_viz.export.paper_maps import surface_sheet

        return surface_sheet(picture, vector=vector)

    def arrays(self, picture: Surface) -> Arrays:
        """Heights 'y x' and both axes."""
        return {
            "z": as_float32(picture.z),
            "x": np.asarray(picture.x),
            "y": np.asarray(picture.y),
            "titles": as_words((picture.x_title, picture.y_title, picture.z_title)),
            **if_given("trained", picture.trained, np.float64),
        }

    def rows(self, picture: Surface) -> Rows:
        """A line a place of y."""
        corner = f"{picture.y_title} \\ {picture.x_title}"
        yield [guarded(corner), *as_text(picture.x)]
        for y, row in zip(as_text(picture.y), as_float32(picture.z), strict=True):
            yield [y, *as_text(row)]

    def small(self, picture: Surface) -> np.ndarray:
        """The surface's cells, flat."""
        return surface_image(picture)


FACES = SurfaceFaces()
