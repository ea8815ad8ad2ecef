"""Compare, its three columns: A, B and B − A, each over the frames and as a map."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.analysis.difference import LaidMaps
from phenaki_viz.analysis.laid import Laid
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.browser.axes import axis_of
from phenaki_viz.browser.map_message import MapPicture, MapView
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.apart import shortly
from phenaki_viz.figures.colour import DIVERGING, ColourScale
from phenaki_viz.figures.difference_views import (
    UNIT,
    centred_scale,
    changes_overlay,
    common_scale,
    difference_overlay,
)
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.overlays import HeadOverFrames
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.components.attention_map import attention_map
from phenaki_viz.ui.components.film_strip import StripView, StripWords, film_strip, share_film
from phenaki_viz.ui.components.shared import share_selection
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.sections import linked, panels
from phenaki_viz.ui.sections.maps import picked_cell
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import compared, computed, shows

if TYPE_CHECKING:
    import numpy as np

MOST_CELLS = 324  # values a side of each map: every cell of the shipped model's
LONGEST_NAME = 36  # letters that a column has room for at 1280 pixels
SIDES = ("a", "b", "difference")


@dataclass(frozen=True, eq=False, kw_only=True)
class Two:
    """One head of both. a, b: its runs. chosen, there: the head and patch in A and in B.

    descriptions: what A and B are, in words. laid: how their stacks lie on each other.
    """

    a: Run
    b: Run
    selection: Selection
    there: Selection
    descriptions: tuple[str, str]
    laid: Laid

    @property
    def heads(self) -> tuple[Head, Head]:
        """The head in A and in B."""
        return self.selection.shown, self.there.shown

    @property
    def sides(self) -> tuple[tuple[Selection, Run], tuple[Selection, Run]]:
        """A and B: what is looked at, and in which run."""
        return (self.selection, self.a), (self.there, self.b)

    @property
    def word(self) -> int | None:
        """The key whose readers are shown, of attention to a text."""
        return patches.word_shown(self.selection)

    def link(self, side: Selection) -> str | None:
        """What the pictures of one side share their selection by: all, if they are alike in size.

        B of other tokens has the nearest patch, and says nothing of what is picked there to A.
        """
        link = linked.link_of(self.selection)
        return link if linked.link_of(side) == link else None

    @property
    def shows(self) -> str:
        """What pictures of both are of."""
        return f"{shows.a_head(self.selection)} and {shows.a_head(self.there)}"


def draw_columns(two: Two) -> None:
    """The three columns, or two where there is no difference to be had."""
    one, other = (head.map for head in two.heads)
    maps = compared.maps(one, other, MOST_CELLS) if two.laid.can else None
    _share(two)
    scale = common_scale(maps) if maps else None
    named_shortly = shortly(*two.descriptions, longest=LONGEST_NAME)  # files say all of it
    for name, (side, run), description in zip("ab", two.sides, named_shortly, strict=True):
        with st.container(key=named(f"compare.side.{name}")):
            st.markdown(f"**{name.upper()}** {inert(description)}")
            _side(two, name, side, run, maps, scale)
    if maps:
        with st.container(key=named("compare.side.difference")):
            st.markdown("**B − A** red is more in B, blue is less")
            _difference(two, maps)


def row_scale(two: Two) -> ColourScale:
    """One scale for what the chosen patch looks at in A and in B, or for who reads the word."""
    strips = (_over(two, side, run, None) for side, run in two.sides)
    return Colours("sqrt").over(*drawn_range(*(one.weights for one in strips)), "both")


def _side(
    two: Two, name: str, side: Selection, run: Run, maps: LaidMaps | None, scale: ColourScale | None
) -> None:
    """A or B: what the patch looks at over its frames, and the head's map."""
    picture = _over(two, side, run, row_scale(two))
    _strip(two, name, side, picture)
    if maps is not None and scale is not None:
        values = maps.one if name == "a" else maps.other
        _map(two, name, side, values, maps, scale)
        return
    tile = _tile(side)
    both = drawn_range(*(_tile(one).values for one, _ in two.sides))
    shared = Colours("sqrt").over(*both, "both maps")
    _map(two, name, side, tile.values, None, shared, cell=tile.cell)


def _tile(side: Selection) -> MapTile:
    """A whole map that is not laid on another."""
    _, _, i, j = side.record.map.shape
    return computed.tile(side.record, side.item, side.head, (0, i, 0, j), MOST_CELLS)


def _over(two: Two, side: Selection, run: Run, scale: ColourScale | None) -> FilmStrip:
    over = HeadOverFrames(
        head=side.shown,
        frames=as_rgb(run.clip),
        temporal_patch=run.temporal_patch,
        scale=scale or ColourScale(low=0, high=1),
    )
    if two.word is None:
        return over.of_patches([side.place])
    return over.of_key(min(two.word, side.record.map.shape[3] - 1), side.place)


def _difference(two: Two, maps: LaidMaps) -> None:
    picture = difference_strip(two)
    _strip(two, "difference", two.selection, picture, unit="weight, B − A")
    scale = centred_scale(maps.difference, DIVERGING[panels.theme()])
    _map(two, "difference", two.selection, maps.difference, maps, scale, unit=UNIT)


def difference_strip(two: Two, theme: str | None = None) -> FilmStrip:
    """What changed for the chosen patch, or in who reads the word, over A's frames."""
    changes = changes_overlay(*two.heads, two.selection.place, two.word)
    scale = centred_scale(changes, DIVERGING[theme or panels.theme()], "this patch")
    picture = difference_overlay(
        two.heads, changes, as_rgb(two.a.clip), two.a.temporal_patch, scale, two.descriptions,
        two.selection.place,
    )  # fmt: skip
    return replace(picture, word=two.word)


def _strip(two: Two, name: str, side: Selection, picture: FilmStrip, unit: str = "weight") -> None:
    words = StripWords(direction=_direction(two, side), unit=unit)
    of_map = linked.of_map(side) if two.link(side) else None
    view, key = StripView(of_map=of_map, shows=two.shows), f"compare.{name}.strip"
    clip = (two.b if name == "b" else two.a).clip
    with st.container(key=named(f"compare.strip.{name}")):
        film_strip(
            picture, words, view, key=key, film=share_film(key, computed.pixels(clip)),
            on_pick=patches.pick_patches,
        )  # fmt: skip


def _key(two: Two, side: Selection) -> int | None:
    """The key that is marked: of a text, the word whose readers are shown."""
    if two.word is not None:
        return min(two.word, side.record.map.shape[3] - 1)
    return patches.key_of(side)


def _direction(two: Two, side: Selection) -> str:
    if two.word is None:
        return "looks at"
    axis = axis_of(side.record, side.item, "key")
    return f"reads “{axis.name(min(two.word, side.record.map.shape[3] - 1))}”"


def _map(
    two: Two,
    name: str,
    side: Selection,
    values: "np.ndarray",
    maps: LaidMaps | None,
    scale: ColourScale,
    *,
    cell: tuple[int, int] = (1, 1),
    unit: str = "weight",
) -> None:
    record, item = side.record, side.item
    _, _, i, j = record.map.shape
    cell = maps.cells.cell if maps else cell
    y, x = cell
    reduced = () if cell == (1, 1) else (f"mean of {y} × {x} cells",)
    if maps and not maps.cells.is_mean:
        reduced = (f"one query of {y}, mean of {x} keys",)
    picture = MapPicture(
        values=values,
        total=(i, j),
        cell=cell,
        scale=scale,
        query=axis_of(record, item, "query"),
        key=axis_of(record, item, "key"),
        unit=unit,
        source=f"{name} {two.shows}",
        notes=reduced,
    )
    view = MapView(link=two.link(side), shows=two.shows)
    with st.container(key=named(f"compare.map.{name}")):
        attention_map(
            picture, view, key=f"compare.{name}", selected=(side.query, _key(two, side)),
            on_pick=picked_cell(record, item, directed=False),
        )  # fmt: skip


def _share(two: Two) -> None:
    """Tell all pictures which patch and key are chosen; where B is of other tokens, A's alone."""
    side = two.selection
    share_selection(
        linked.link_of(side), query=side.query,
        key=_key(two, side), places=[side.place],
        pickers=tuple(f"compare.{one}{end}" for one in SIDES for end in ("", ".strip")),
    )  # fmt: skip
