"""All heads in a line or two, to choose one by: for pages that draw other things large."""

from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.analysis.overlay import fills_frames
from phenaki_viz.analysis.thumbnails import coarser
from phenaki_viz.figures.colour import DIVERGING
from phenaki_viz.figures.effect_views import WORTH, effects_on_grid
from phenaki_viz.figures.naming import grid_names
from phenaki_viz.figures.overlays import OverFrames
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.figures.worth_grid import worth_scale
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.components.head_grid import GridPicture, head_grid
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.wishes import wish
from phenaki_viz.ui.work import computed, shows, swept

if TYPE_CHECKING:
    import numpy as np

CELLS = 20  # a side, of a tile of some 30 pixels
OF = {"map": "Maps", "effect": WORTH}


def draw_slim(run: Run, selection: Selection, key: str) -> None:
    """Every head of the stack as a tile; a click chooses. Of long videos the tiles are empty
    until their heads were drawn on another page. key: of the page.

    Where What if has switched each head off, tiles can show what each is worth instead.
    """
    worth = effects_on_grid(swept.measured(run), selection.records)
    if worth is None:
        _grid(selection, key, _of_maps(run, selection), "map")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        place = st.container(width="stretch")
        of = st.segmented_control(
            "Tiles show", list(OF), format_func=OF.__getitem__, default="map", required=True,
            label_visibility="collapsed",
            help="Each head's map, or how the loss changes with it off, as What if measured it",
            **among("slim", OF.values()),
        )  # fmt: skip
    with place:
        picture = _of_worth(selection, worth) if of == "effect" else _of_maps(run, selection)
        _grid(selection, key, picture, of or "map")


def _grid(selection: Selection, key: str, picture: GridPicture, of: str) -> None:
    with st.container(key=named(f"slim.{key}")):
        head_grid(
            picture,
            selected=(selection.layer, selection.head),
            key=f"grid.{key}",
            on_pick=_pick,
            shows=shows.a_stack(selection) + ("" if of == "map" else f" {of}"),
        )


def _of_maps(run: Run, selection: Selection) -> GridPicture:
    layers, heads = grid_names(selection.records)
    word, colours = patches.word_shown(selection), Colours("sqrt")
    over_frames = word is not None and fills_frames(selection.record)
    tiles: np.ndarray | None
    if over_frames:  # as on the page Attention: maps of a few columns tell little when small
        asked = OverFrames((selection.place,), word=word)
        tiles = coarser(computed.over_frames(run, selection, asked).values, CELLS)
    else:
        tiles = computed.small_thumbs(run, selection, CELLS)
    if tiles is None:
        nothing = colours.over(0, 0, "nothing")
        return GridPicture.blank(nothing, layers=layers, heads=heads, slim=True)
    scale = colours.of_each(tiles)
    return GridPicture(
        thumbs=tiles, scale=scale, layers=layers, heads=heads, slim=True, framed=over_frames
    )


def _of_worth(selection: Selection, worth: "np.ndarray") -> GridPicture:
    """What each head is worth, around 0, with the number of the one at hand."""
    layers, heads = grid_names(selection.records)
    scale = worth_scale(worth, DIVERGING[panels.theme()])
    return GridPicture.of_numbers(
        worth, scale, layers=layers, heads=heads, label=f"{WORTH}, nats:", slim=True
    )


def _pick(layer: int, head: int) -> None:
    wish(layer=layer, head=head)
