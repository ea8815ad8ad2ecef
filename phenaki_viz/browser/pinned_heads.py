"""What is drawn of pinned heads: their maps on one scale, and the row of each over the frames."""

from collections.abc import Sequence

import numpy as np

from phenaki_viz.analysis.multiples import tile_multiples
from phenaki_viz.analysis.overlay import Overlay
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.browser.axes import Place, axis_of
from phenaki_viz.browser.film import FilmName
from phenaki_viz.browser.pinned_message import LINES, PinnedFilm, PinnedPicture
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.naming import head_label
from phenaki_viz.figures.overlays import frame_steps, word_weights
from phenaki_viz.figures.weight_colours import Colours

SCOPE = "all pinned heads"  # of pinned/together.js too


def most_a_side(values: int, pins: int) -> int:
    """Values a side of each of some maps that may be so many together."""
    return int((values / pins) ** 0.5)


def pinned_picture(
    heads: Sequence[Head],
    tiles: Sequence[MapTile],
    colours: Colours,
    *,
    film: PinnedFilm | None = None,
    notes: Sequence[str] = (),
) -> PinnedPicture:
    """The maps side by side. heads: of one stack. tiles: the whole map of each, in equal cells."""
    first, tile = heads[0], tiles[0]
    values = np.stack([one.values for one in tiles])
    measured = values
    if colours.law == "uniform":
        measured = np.stack([tile_multiples(one) for one in tiles])
    return PinnedPicture(
        values=values,
        labels=[head_label(one.record.layer, one.record.heads[one.head]) for one in heads],
        total=first.map.shape,
        cell=tile.cell,
        scale=colours.over(*drawn_range(measured), SCOPE),
        query=axis_of(first.record, first.item, "query"),
        key=axis_of(first.record, first.item, "key"),
        uniform=tile.uniform,
        film=film,
        notes=[drawn_as(tile.cell), *notes],
    )


def pinned_film(
    heads: Sequence[Head],
    place: Place,
    word: int | None,
    *,
    film: FilmName,
    frames: np.ndarray,
    temporal_patch: int,
    lines: str = LINES,
) -> PinnedFilm:
    """The row of the patch at `place` in every head, or the column of a word, over the frames.

    film: the name of the frames, 'f H W 3'. lines: the name that the rows are offered as.
    """
    record = heads[0].record
    query = heads[0].map.row_of(place)
    found = [
        Overlay(one.map, [place]).weights[0] if word is None else word_weights(one, word)
        for one in heads
    ]
    return PinnedFilm(
        frames=film,
        size=(frames.shape[1], frames.shape[2]),
        steps=frame_steps(len(frames), temporal_patch),
        grid=record.places.grid,
        side="row" if word is None else "column",
        own=query if word is None else word,
        lines=np.stack(found, dtype=np.float32),
        name=lines,
    )


def drawn_as(cell: tuple[int, int]) -> str:
    """What one value of a pinned map is; `saidCell` of pinned/together.js says the same."""
    y, x = cell
    return "every weight" if (y, x) == (1, 1) else f"mean of {y} × {x} weights"
