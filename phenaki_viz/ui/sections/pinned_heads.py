"""The pinned heads under the page: side by side, on one scale, moving together."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from phenaki_viz.browser.film import FilmName
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.browser.pinned_heads import most_a_side, pinned_film, pinned_picture
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.head import Head, record_notes
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.components.pinned_maps import PinnedFilm, pinned_maps
from phenaki_viz.ui.sections import head_grid, maps, panels
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import computed, shows

MOST_VALUES = 131_072  # of all pinned maps together: 262 kB, when other heads are pinned


def draw(run: Run, selection: Selection, of_map: OfMap, film: FilmName, colours: Colours) -> None:
    """Nothing when no head of this stack is pinned. film: of the page's frames."""
    pins = head_grid.arrangement(selection).pins
    if not pins:
        return
    st.header("Pinned heads", anchor=False)
    most, items = most_a_side(MOST_VALUES, len(pins)), selection.items
    heads = [
        Head(selection.recording, selection.records[layer], items[layer], head)
        for layer, head in pins
    ]
    i, j = heads[0].map.shape
    tiles = [computed.tile(one.record, one.item, one.head, (0, i, 0, j), most) for one in heads]
    rows = _rows(run, selection, heads, film)
    picture = pinned_picture(heads, tiles, colours, film=rows)
    said = (*picture.notes, *record_notes(run.recording, selection.records))
    pinned_maps(
        replace(picture, notes=panels.page_lines(said, run.recording.provenance)),
        key="pinned",
        link=of_map.link,
        shows=shows.a_stack(selection),
        on_pick=maps.picked_cell(selection.record, selection.item),
        on_unpin=lambda at: head_grid.unpin(pins[at]),
    )


def _rows(run: Run, selection: Selection, heads: Sequence[Head], film: FilmName) -> PinnedFilm:
    """The chosen patch's row of every pinned head, or the chosen word's column, over the frames."""
    return pinned_film(
        heads,
        selection.place,
        patches.word_shown(selection),
        film=film,
        frames=as_rgb(run.clip),
        temporal_patch=run.temporal_patch,
    )
