"""The faces of what a score is made of, as bars."""

from typing import TYPE_CHECKING

import numpy as np

from phenaki_viz.export.faces import Arrays, PlotlyFaces, Rows
from phenaki_viz.export.numbers import as_words, guarded
from phenaki_viz.figures.term_bars import TermBars, term_bars_figure
from phenaki_viz.figures.theme import Theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from phenaki_viz.export.paper import Sheet


class TermBarsFaces(PlotlyFaces[TermBars]):
    """Lines of signed bars, one a term."""

    kind = TermBars

    def figure(self, picture: TermBars, theme: Theme, *, bare: bool) -> "go.Figure":
        """Bars that are named under the pointer."""
        return term_bars_figure(picture, theme, bare=bare)

    def sheet(self, picture: TermBars, *, vector: bool) -> "Sheet":
        """Bars and what they come to."""
        from phenaki_viz.export.paper_bars import term_bars_sheet

        return term_bars_sheet(picture, vector=vector)

    def arrays(self, picture: TermBars) -> Arrays:
        """Lengths and beginnings 'line term'."""
        return {
            "values": np.asarray(picture.values, np.float64),
            "starts": np.asarray(picture.starts, np.float64),
            "names": as_words(picture.names),
            "parts": as_words(picture.labels),
            "told": as_words(picture.totals),
            "unit": as_words(picture.unit),
        }

    def rows(self, picture: TermBars) -> Rows:
        """A line a bar."""
        yield ["line", "term", guarded(picture.unit), "from"]
        for line, part in np.ndindex(picture.values.shape):
            value = picture.values[line, part]
            if np.isfinite(value):
                name, term = guarded(picture.names[line]), guarded(picture.labels[part])
                yield [name, term, str(value), str(picture.starts[line, part])]


FACES = TermBarsFaces()
