"""The Attention page's upper part: what the chosen patch, or word, has to do with the video."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import streamlit as st

from phenaki_viz.analysis.overlay import Direction
from phenaki_viz.analysis.walks import Along, walk_places
from phenaki_viz.browser.film import FilmName
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.overlays import HeadOverFrames
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.sections.long_files import export_walk
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import shows
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    import numpy as np

ROUTING = "routing, not recognition"
SAID = {"row": ("looks at", "look at"), "column": ("is looked at by", "are looked at by")}


@dataclass(frozen=True)
class MapColours:
    """How maps are coloured. shared: by one scale for all heads. direction: row or column of the
    map. masked: 't h w' bool, patches that the model of these maps was not shown.
    """

    shared: bool
    colours: Colours
    direction: Direction
    masked: "np.ndarray | None" = None

    @property
    def of_uniform(self) -> bool:
        """Whether colours follow multiples of uniform."""
        return self.colours.law == "uniform"


def draw_overlay(
    run: Run,
    selection: Selection,
    film: FilmName,
    of_map: OfMap,
    scale: ColourScale,
    look: MapColours,
) -> None:
    """What the chosen patches look at; where keys are a text, who reads a word; and the files."""
    over = HeadOverFrames(
        head=selection.shown,
        frames=as_rgb(run.clip),
        temporal_patch=run.temporal_patch,
        scale=scale,
    )
    draw = _text if selection.record.reads_words else _strip
    picture = draw(over, selection, film, of_map, look)
    box = export_icon("the frames", picture.name, lambda: picture, "strip")
    if box is not None and picture.word is None:
        with box:
            _walk(run, over, selection, look)


def _strip(
    over: HeadOverFrames,
    selection: Selection,
    film: FilmName,
    of_map: OfMap,
    look: MapColours,
) -> FilmStrip:
    """The chosen patches over the video, on the scale of the head's weights."""
    picture = over.of_patches(selection.places, direction=look.direction, combine=patches.combine())
    picture = _as_drawn(picture, look)
    said, many = SAID[look.direction]
    panels.strip(picture, film, of_map, said, many=many, shows=_shows(selection, look))
    return picture


def _as_drawn(picture: FilmStrip, look: MapColours) -> FilmStrip:
    """With what the model did not see, and drawn as the user has set it: so are its files."""
    masked = look.masked
    if masked is not None and masked.shape != picture.weights.shape:
        masked = None
    return replace(picture, masked=masked, drawn=patches.drawn())


def _shows(selection: Selection, look: MapColours) -> str:
    return f"{shows.a_head(selection)} {look.direction}"


def _walk(run: Run, over: HeadOverFrames, selection: Selection, look: MapColours) -> None:
    walk, record, direction = patches.walk(), selection.record, look.direction
    along = cast(Along, walk["along"])
    places = walk_places(selection.place, along, record.places.grid)
    looked_at = number_of(run), number_of(record.map), selection.item, selection.head, places[0]
    drawn = over.scale, patches.drawn(), look.masked is not None
    export_walk(
        (*looked_at, direction, *walk.values(), *drawn),
        f"{over.head.stem}_walk_{along}",
        len(places),
        walk["pace"],
        lambda: [
            _as_drawn(over.of_patches([place], direction=direction), look) for place in places
        ],
    )


def _text(
    over: HeadOverFrames,
    selection: Selection,
    film: FilmName,
    of_map: OfMap,
    look: MapColours,
) -> FilmStrip:
    """Cross-attention: the patches that read one word."""
    word, names = patches.word_of(selection), key_axis(selection.record, selection.item).names
    picture = _as_drawn(over.of_key(word, selection.place), look)
    said = f"reads “{names[word]}”"
    panels.strip(picture, film, of_map, said, aside=ROUTING, shows=_shows(selection, look))
    return picture


def choose_word(selection: Selection) -> None:
    """The word whose readers are shown; the map and the strip choose it too."""
    names = key_axis(selection.record, selection.item).names
    st.selectbox(
        "Word",
        range(len(names)),
        index=patches.word_of(selection),  # where a box of another page had it
        format_func=lambda at: f"{at}: {names[at]}",
        key=named(patches.WORD),
        label_visibility="collapsed",
        width=150,
        help="Who reads it is laid over the frames; point at another word of the map to see its "
        "readers",
        persist_state="session",  # the link says its number: two words may read alike
    )
