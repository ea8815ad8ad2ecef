"""Pictures on the page: which component draws what, and what a click on it means."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.browser.film import FilmName, small_frames
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.export.kinds import figure_of
from phenaki_viz.figures import flat_figure
from phenaki_viz.figures.clauses import lead_of
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.picture import Picture
from phenaki_viz.figures.surface import Surface
from phenaki_viz.figures.words import plain, powers
from phenaki_viz.recording import describe_origin
from phenaki_viz.ui.components.figure import FigureClick
from phenaki_viz.ui.components.figure import figure as plotly_figure
from phenaki_viz.ui.components.film_strip import StripView, StripWords, film_strip, share_film
from phenaki_viz.ui.components.head_grid import GridPicture, head_grid
from phenaki_viz.ui.components.said import OfPatch, said
from phenaki_viz.ui.sections.badges import badge_of
from phenaki_viz.ui.session import named
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.wishes import PLACE, untouched, wish

Level = Literal["h1", "h2", "h3"]
LONGEST_LINE = 2500  # letters: a prompt may have 2,000


def theme() -> Any:
    """'light' or 'dark', as the browser shows it."""
    return "dark" if st.context.theme.type == "dark" else "light"


def heading(
    text: str,
    provenance: Mapping[str, Any],
    of: Mapping[str, str],
    *,
    patch: OfPatch | None = None,
    key: str = "heading",
    tag: Level = "h1",
) -> None:
    """What is looked at, and whether weights or words are random; said when a picture shows it.

    of, patch: see `said`. tag: its level on the page.
    """
    said(plain(text), key=key, tag=tag, of=of, patch=patch, badge=badge_of(provenance))


def say(text: str, of: Mapping[str, str], *, key: str, aside: bool = False) -> None:
    """A line that pictures are named by, said when they show it; aside: smaller, as a caption."""
    said(powers(plain(text, LONGEST_LINE)), key=key, tag="p" if aside else "strong", of=of)


def say_of_head(text: str, of: Mapping[str, str]) -> None:
    """What a head does on the whole, small; what is said first stands out from its figures."""
    text = powers(plain(text, LONGEST_LINE))
    said(text, key="sentence.head", of=of, lead=lead_of(text))


def place_for_words() -> DeltaGenerator:
    """Where a page's heading and sentences stand: above the controls that decide them."""
    return st.container(gap="xxsmall", key=named("words.place"))


def place_for_tools(page: str) -> DeltaGenerator:
    """Where a page's controls stand, in a row. page: names it, for the style."""
    return st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=named(f"{page}.tools")
    )


def nothing(title: str, why: str) -> None:
    """A page that this model has nothing for."""
    st.title(title, anchor=False)
    st.info(why, icon=":material/info:")


def notes(picture: Picture, *elsewhere: str) -> tuple[str, ...]:
    """The line that belongs under a picture: of its notes those that are not said beside it.

    The scale is in the legend; where the weights come from is in the sidebar, and beside the
    heading when they are random. Files hold all of it. elsewhere: what else the page says.
    """
    scale = getattr(picture, "scale", None)
    ends = scale.describe() if isinstance(scale, ColourScale) else ""
    return page_lines(picture.notes, picture.provenance, ends, *elsewhere)


def page_lines(
    notes: Sequence[str], provenance: Mapping[str, Any], *elsewhere: str
) -> tuple[str, ...]:
    """Notes as one line, without what the page says once for all its pictures, or `elsewhere`."""
    left = [note for note in notes if note not in (describe_origin(provenance), *elsewhere)]
    return (powers(plain(" · ".join(left))),) if left else ()


def plotly(
    picture: Picture,
    *,
    key: str,
    height: int,
    flat: bool = False,
    titled: bool = False,
    elsewhere: Sequence[str] | None = (),
    shows: str = "",
    on_click: Callable[[FigureClick], None] | None = None,
) -> None:
    """Curves and surfaces; zoom and camera stay when the data change.

    titled: whether its title stands over it. elsewhere: of its notes, which else stand under it,
    those that the page has already; None for all of them. shows: what it is of. on_click: is told
    which point was clicked.
    """
    if flat and isinstance(picture, Surface):
        drawn = flat_figure(picture, theme(), bare=True)
    else:
        drawn = figure_of(picture, theme(), bare=True)
    plotly_figure(
        drawn,
        key=key,
        height=height,
        alt=picture.title,
        title=plain(picture.title) if titled else "",
        notes=() if elsewhere is None else notes(picture, *elsewhere),
        shows=shows,
        on_click=on_click,
    )


def grid(
    picture: HeadGrid, *, kind: str = "heads", elsewhere: Sequence[str] = (), shows: str = ""
) -> None:
    """Every head as a small map; a click selects it. elsewhere: notes that the page has already."""
    layers, heads = picture.thumbnails.shape[:2]
    chosen = picture.selected or (0, 0)
    drawn = GridPicture(
        thumbs=picture.thumbnails,
        scale=picture.scales,
        layers=picture.layers,
        heads=picture.heads,
        values=picture.values,
        label=picture.unit if picture.values is not None else "",
        notes=notes(picture, *elsewhere),
    )
    head_grid(
        drawn,
        selected=(min(chosen[0], layers - 1), min(chosen[1], heads - 1)),
        key=f"grid.{kind}",
        on_pick=_pick_head if kind == "heads" else _pick_only_head,
        shows=shows,
    )


def strip(
    picture: FilmStrip,
    film: FilmName,
    of_map: OfMap | None,
    direction: str,
    *,
    many: str = "",
    aside: str = "",
    unit: str = "weight",
    shows: str = "",
) -> None:
    """What patches look at, or are looked at by, over the frames; a click chooses the patch.

    film: the name of its frames, see `share_film`. of_map: the map of the same page that it moves
    together with. aside: what stands behind `direction` in small letters. unit: of its numbers.
    shows: what it is of.
    """
    words = StripWords(
        combine=patches.combine(), direction=direction, many=many, aside=aside, unit=unit,
        notes=notes(picture),
    )  # fmt: skip
    view = StripView(
        locked=not untouched(*PLACE),
        of_map=of_map,
        walk=patches.walk(),
        look=patches.first_look(),
        shows=shows,
    )
    film_strip(
        picture,
        words,
        view,
        key="strip",
        film=film,
        on_pick=patches.pick_patches,
        on_walk=patches.keep_walk,
        on_look=patches.keep_look,
    )


def film(
    picture: FilmStrip,
    *,
    key: str,
    direction: str,
    unit: str = "weight",
    bare: bool = False,
    shows: str = "",
) -> None:
    """Numbers of every patch over the frames, with nothing to pick; bare: the frames alone."""
    said = () if bare else notes(picture)
    words = StripWords(direction=direction, unit=unit, notes=said)
    view = StripView(shows=shows, still=True, bare=bare)
    film_strip(picture, words, view, key=key, film=share_film(key, small_frames(picture.frames)))


def _pick_head(layer: int, head: int) -> None:
    wish(layer=layer, head=head)


def _pick_only_head(_: int, head: int) -> None:
    wish(head=head)
