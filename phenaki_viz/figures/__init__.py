"""Pictures and how plotly draws them: one module a kind of picture, one function a figure."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

from phenaki_viz.figures.arrows import Arrows, arrows_figure
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.curves import Curve, Curves, curves_figure
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.picture import Axis, Picture
from phenaki_viz.figures.surface import Surface, flat_figure, surface_figure
from phenaki_viz.figures.term_bars import TermBars, term_bars_figure
from phenaki_viz.figures.theme import Theme
from phenaki_viz.figures.tracks import Tracks
from phenaki_viz.figures.tracks_figure import tracks_figure

__all__ = [
    "Arrows",
    "Axis",
    "ColourScale",
    "Curve",
    "Curves",
    "FilmStrip",
    "HeadGrid",
    "Heatmap",
    "Picture",
    "Surface",
    "TermBars",
    "Theme",
    "Tracks",
    "arrows_figure",
    "curves_figure",
    "figure_of",
    "flat_figure",
    "surface_figure",
    "term_bars_figure",
    "tracks_figure",
]

_DRAW: dict[type[Picture], Callable[..., Any]] = {
    Curves: curves_figure,
    Surface: surface_figure,
    Arrows: arrows_figure,
    TermBars: term_bars_figure,
    Tracks: tracks_figure,
}


def figure_of(picture: Picture, theme: Theme = "light", *, bare: bool = False) -> go.Figure:
    """A picture as a plotly figure. bare: without title and notes, for a page that has them.

    Maps, film strips and grids of heads are drawn by the page's own panels, there and in files.
    Raises TypeError for a kind of picture that is drawn by nobody here.
    """
    draw = _DRAW.get(type(picture))
    if draw is None:
        raise TypeError(f"{type(picture).__name__} is no picture that plotly draws here")
    return draw(picture, theme, bare=bare)
