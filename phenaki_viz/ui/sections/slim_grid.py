"""All heads in a line or two, to choose one by: for pages that draw other things large."""

import numpy as np
import streamlit as st

from phenaki_viz.figures.attention_views import Colours
from phenaki_viz.figures.naming import grid_names
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.components.head_grid import GridPicture, head_grid
from phenaki_viz.ui.state.selection import Selection, wish
from phenaki_viz.ui.work import computed, shows

CELLS = 20  # a side, of a tile of some 30 pixels


def draw_slim(run: Run, chosen: Selection, key: str) -> None:
    """Every head of the stack as a tile; a click chooses. Of long videos the tiles are empty
    until their heads were drawn on another page. key: of the page.
    """
    layers, heads = grid_names(chosen.records)
    tiles = computed.small_thumbs(run, chosen, CELLS)
    if tiles is None:
        tiles = np.zeros((len(layers), len(heads), 1, 1), np.float32)
    picture = GridPicture(
        thumbs=tiles,
        scale=computed.scale_each(tiles, Colours("sqrt")),
        layers=layers,
        heads=heads,
        slim=True,
    )
    with st.container(key=f"slim.{key}"):
        head_grid(
            picture,
            selected=(chosen.layer, chosen.head),
            key=f"grid.{key}",
            on_pick=_pick,
            shows=shows.a_stack(chosen),
        )


def _pick(layer: int, head: int) -> None:
    wish(layer=layer, head=head)
