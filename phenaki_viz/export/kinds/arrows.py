"""The faces of where heads look, as arrows."""

from typing import TYPE_CHECKING

import numpy as np

from phenaki_viz.export.faces import Arrays, PlotlyFaces, Rows
from phenaki_viz.export.numbers import as_float32, as_text, as_words, guarded, if_given
from phenaki_viz.figures.arrows import Arrows, arrows_figure
from phenaki_viz.figures.theme import Theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from phenaki_viz.export.paper import Sheet


class ArrowsFaces(PlotlyFaces[Arrows]):
    """Mean displacement from query to key, a head a cell."""

    kind = Arrows

    def figure(self, picture: Arrows, theme: Theme, *, bare: bool) -> "go.Figure":
        """A grid of arrows."""
        return arrows_figure(picture, theme, bare=bare)

    def sheet(self, picture: Arrows, *, vector: bool) -> "Sheet":
        """A grid of arrows."""
        from phenaki_viz.export.paper_arrows import arrows_sheet

        return arrows_sheet(picture, vector=vector)

    def arrays(self, picture: Arrows) -> Arrays:
        """Displacements 'l h 3' in time steps, rows and columns."""
        return {
            "shifts": as_float32(picture.shifts),
            "layers": as_words(picture.layers),
            "heads": as_words(picture.heads),
            **if_given("selected", picture.selected, np.int64),
        }

    def rows(self, picture: Arrows) -> Rows:
        """A line a head."""
        yield ["layer", "head", "time steps", "rows", "columns"]
        shifts = as_float32(picture.shifts)
        for layer, head in np.ndindex(shifts.shape[:2]):
            names = guarded(picture.layers[layer]), guarded(picture.heads[head])
            yield [*names, *as_text(shifts[layer, head])]


FACES = ArrowsFaces()
