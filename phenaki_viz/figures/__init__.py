"""Pictures as data, and how plotly draws those of them that it draws; see `export.kinds`."""

from phenaki_viz.figures.arrows import Arrows, arrows_figure
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.curves import Curve, Curves
from phenaki_viz.figures.curves_figure import curves_figure
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.picture import Axis, Picture
from phenaki_viz.figures.surface import Surface
from phenaki_viz.figures.surface_figure import flat_figure, surface_figure
from phenaki_viz.figures.table import Table, TableColumn
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
    "Table",
    "TableColumn",
    "TermBars",
    "Theme",
    "Tracks",
    "arrows_figure",
    "curves_figure",
    "flat_figure",
    "surface_figure",
    "term_bars_figure",
    "tracks_figure",
]
