"""The Attention page's upper part: what the chosen patch, or word, has to do with the video."""

from dataclasses import dataclass
from typing import cast

import streamlit as st

from phenaki_viz.analysis.walks import Along, walk_places
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.attention_views import Colours
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.over_video import (
    Direction,
    column_over_video,
    patches_over_video,
    walk_over_video,
)
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import panels, queries, shows
from phenaki_viz.ui.exporting import export_row, export_walk
from phenaki_viz.ui.selection import Selection
from phenaki_viz.ui.shelves import number_of

SAID = {"row": ("looks at", "look at"), "column": ("is looked at by", "are looked at by")}


@dataclass(frozen=True)
class Look:
    """How maps are coloured. shared: by one scale for all heads. direction: row or column of the
    map.
    """

    shared: bool
    colours: Colours
    direction: str


def draw_over_video(run: Run, chosen: Selection, scale: ColourScale, look: Look) -> None:
    """Self-attention of the chosen patches; of cross-attention the words, and who reads one."""
    if chosen.record.kind == "cross":
        _text(run, chosen, scale, look)
    else:
        _strip(run, chosen, scale, look)


def _strip(run: Run, chosen: Selection, scale: ColourScale, look: Look) -> None:
    """The chosen patches over the video, on the scale of the head's weights."""
    direction: Direction = "column" if look.direction == "column" else "row"
    picture = patches_over_video(
        chosen.shown,
        queries.together(chosen),
        as_rgb(run.clip),
        run.temporal_patch,
        direction=direction,
        combine=queries.combine(),
        scale=scale,
    )
    said, many = SAID[direction]
    panels.strip(picture, chosen, said, many=many, shows=_shows(chosen, look))
    left, right = st.columns([5, 6], gap="medium")
    with left:
        export_row(picture.name, lambda: picture, "strip")
    with right:
        _walk(run, chosen, direction, scale)


def _shows(chosen: Selection, look: Look) -> str:
    return f"{shows.a_head(chosen)} {look.direction}"


def _walk(run: Run, chosen: Selection, direction: Direction, scale: ColourScale) -> None:
    walk, record = queries.walk(), chosen.record
    along = cast(Along, walk["along"])
    places = walk_places(chosen.place, along, record.places.grid)
    shown, frames, pt = chosen.shown, as_rgb(run.clip), run.temporal_patch
    looked_at = number_of(run), number_of(record.map), chosen.item, chosen.head, places[0]
    export_walk(
        (*looked_at, *walk.values(), direction, scale),
        f"{shown.stem}_walk_{along}",
        len(places),
        walk["pace"],
        lambda: walk_over_video(shown, places, frames, pt, direction=direction, scale=scale),
    )


def _text(run: Run, chosen: Selection, scale: ColourScale, look: Look) -> None:
    """Cross-attention: the patches that read one word."""
    names = key_axis(chosen.record, chosen.item).names
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        word = _word(chosen, names)
        st.caption(
            "Tokens that read the word (routing, not recognition); point at another word in the "
            "map below to see who reads that",
            width="stretch",
        )
    picture = column_over_video(
        chosen.shown, word, chosen.place, as_rgb(run.clip), run.temporal_patch, scale
    )
    said = f"reads “{names[word]}”"
    panels.strip(picture, chosen, said, shows=_shows(chosen, look))
    export_row(picture.name, lambda: picture, "strip")


def _word(chosen: Selection, names: tuple[str, ...]) -> int:
    queries.word_of(chosen)
    return st.selectbox(
        "Word",
        range(len(names)),
        format_func=lambda at: f"{at}: {names[at]}",
        key=queries.WORD,
        label_visibility="collapsed",
        width=150,
        persist_state="session",  # the link says its number: two words may read alike
    )
