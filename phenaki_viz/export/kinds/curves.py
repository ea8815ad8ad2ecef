"""The faces of curves over one axis."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from phenaki_viz.export.faces import Arrays, PlotlyFaces, Rows
from phenaki_viz.export.numbers import as_words, guarded
from phenaki_viz.figures.curves import Curves
from phenaki_viz.figures.curves_figure import curves_figure
from phenaki_viz.figures.theme import Theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from phenaki_viz.export.paper import Sheet


class CurvesFaces(PlotlyFaces[Curves]):
    """Lines or points, with an interval where there is one."""

    kind = Curves

    def figure(self, picture: Curves, theme: Theme, *, bare: bool) -> "go.Figure":
        """Lines that are named under the pointer."""
        return curves_figure(picture, theme, bare=bare)

    def sheet(self, picture: Curves, *, vector: bool) -> "Sheet":
        """Lines and their legend."""
        from phenaki_viz.export.paper_curves import curves_sheet

        return curves_sheet(picture, vector=vector)

    def arrays(self, picture: Curves) -> Arrays:
        """x, y and half intervals of each curve, by its place."""
        arrays = {
            "names": as_words([curve.name for curve in picture.curves]),
            "titles": as_words((picture.x_title, picture.y_title)),
            "x_labels": as_words(picture.x_labels),
        }
        for at, curve in enumerate(picture.curves):
            arrays[f"x_{at}"], arrays[f"y_{at}"] = np.asarray(curve.x), np.asarray(curve.y)
            if curve.spread is not None:
                arrays[f"spread_{at}"] = np.asarray(curve.spread)
        return arrays

    def rows(self, picture: Curves) -> Rows:
        """A line a point."""
        labels = ["label"] if picture.x_labels else []
        spread = ["spread"] if _has_spread(picture) else []
        yield ["curve", guarded(picture.x_title), guarded(picture.y_title), *spread, *labels]
        for curve in picture.curves:
            spreads = np.full(len(curve.x), np.nan) if curve.spread is None else curve.spread
            for x, y, half in zip(curve.x, curve.y, spreads, strict=True):
                label = [guarded(picture.x_labels[int(x)])] if labels else []
                half_width = [str(half)] if spread else []
                yield [guarded(curve.name), str(x), str(y), *half_width, *label]

    def remarks(self, picture: Curves) -> Iterator[str]:
        """What the spread is."""
        if _has_spread(picture):
            yield "spread: half the width of the interval around the value"


def _has_spread(picture: Curves) -> bool:
    return any(curve.spread is not None for curve in picture.curves)


FACES = CurvesFaces()
