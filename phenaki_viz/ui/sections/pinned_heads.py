"""The pinned heads under the page: side by side, on one scale, moving together."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from phenaki_viz.analysis.multiples import tile_multiples
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.attention_views import Colours, Head, record_notes
from phenaki_viz.figures.naming import head_label
from phenaki_viz.figures.over_video import frame_steps, patch_weights, word_weights
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.components.film_strip import film_of
from phenaki_viz.ui.components.pinned_maps import PinnedFilm, PinnedPicture, pinned_maps
from phenaki_viz.ui.sections import head_grid, panels
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import computed, shows

MOST_VALUES = 131_072  # of all pinned maps together: 262 kB, when other heads are pinned


def draw(run: Run, chosen: Selection, colours: Colours) -> None:
    """Nothing when no head of this stack is pinned."""
    pins = head_grid.arrangement(chosen).pins
    if not pins:
        return
    st.header("Pinned heads", anchor=False)
    most = int((MOST_VALUES / len(pins)) ** 0.5)
    items = chosen.items
    _, _, i, j = chosen.record.map.shape
    tiles = [
        computed.tile(chosen.records[layer], items[layer], head, (0, i, 0, j), most)
        for layer, head in pins
    ]
    values = np.stack([tile.values for tile in tiles])
    measured = values
    if colours.law == "uniform":
        measured = np.stack([tile_multiples(tile) for tile in tiles])
    scale = colours.over(*drawn_range(measured), "all pinned heads")
    y, x = tiles[0].cell
    drawn = "every weight" if (y, x) == (1, 1) else f"mean of {y} × {x} weights"
    said = (drawn, *record_notes(run.recording, chosen.records))
    picture = PinnedPicture(
        values=values,
        labels=[
            head_label(chosen.records[layer].layer, chosen.records[layer].heads[head])
            for layer, head in pins
        ],
        total=(i, j),
        cell=tiles[0].cell,
        scale=scale,
        query=panels.axis_of(chosen.record, chosen.item, "query"),
        key=panels.axis_of(chosen.record, chosen.item, "key"),
        uniform=tiles[0].uniform,
        film=_film(run, chosen, pins),
        notes=panels.page_lines(said, run.recording.made_by),
    )
    pinned_maps(
        picture,
        key="pinned",
        link=panels.link_of(chosen),
        shows=shows.a_stack(chosen),
        on_pick=panels.picked_cell(chosen.record, chosen.item),
        on_unpin=lambda at: head_grid.unpin(pins[at]),
    )


def _film(run: Run, chosen: Selection, pins: Sequence[tuple[int, int]]) -> PinnedFilm:
    """The chosen patch's row of every pinned head, or the chosen word's column, over the frames."""
    frames, grid = as_rgb(run.clip), chosen.record.places.grid
    cross = chosen.record.kind == "cross"
    lines = [_line(chosen, layer, head) for layer, head in pins]
    return PinnedFilm(
        frames=film_of("strip", frames),
        size=(frames.shape[1], frames.shape[2]),
        steps=frame_steps(len(frames), run.temporal_patch),
        grid=grid,
        side="column" if cross else "row",
        own=patches.word_of(chosen) if cross else chosen.query,
        lines=np.stack(lines),
    )


def _line(chosen: Selection, layer: int, head: int) -> np.ndarray:
    shown = Head(chosen.recording, chosen.records[layer], chosen.items[layer], head)
    if chosen.record.kind == "cross":
        return word_weights(shown, patches.word_of(chosen))
    return patch_weights(shown, [chosen.place], "row")[0]
