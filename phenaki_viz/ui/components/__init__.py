"""What Streamlit cannot draw itself: large maps, grids, film strips, plotly that keeps its zoom."""

from phenaki_viz.browser.axes import MapAxis
from phenaki_viz.ui.components.assets import asset_routes
from phenaki_viz.ui.components.attention_map import CellPick, MapEvent, WindowWish, attention_map
from phenaki_viz.ui.components.figure import FigureClick, figure
from phenaki_viz.ui.components.film_strip import PatchPick, film_strip
from phenaki_viz.ui.components.guard import guards
from phenaki_viz.ui.components.head_grid import head_grid
from phenaki_viz.ui.components.sampling_player import StepPick, sampling_player

__all__ = [
    "CellPick",
    "FigureClick",
    "MapAxis",
    "MapEvent",
    "PatchPick",
    "StepPick",
    "WindowWish",
    "asset_routes",
    "attention_map",
    "figure",
    "film_strip",
    "guards",
    "head_grid",
    "sampling_player",
]
