"""Rows and columns of a map laid back over the frames they are about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from phenaki_viz.analysis import overlay
from phenaki_viz.analysis.overlay import Combine, combined, on_grid
from phenaki_viz.analysis.overlay import Direction as Direction
from phenaki_viz.analysis.rows import blanked, uniform_weight, wrong_among
from phenaki_viz.figures.attention_views import UNIT, Head, wrong_notes
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.naming import key_axis, place_name
from phenaki_viz.recording import Place


def row_over_video(
    head: Head, place: Place, frames: np.ndarray, temporal_patch: int, scale: ColourScale
) -> FilmStrip:
    """Where one query looks, laid over every frame on one scale.

    frames: 'f H W 3' uint8. Keys that are not in this map (other frames of a spatial map, other
    patches of a temporal one) carry NaN: no colour.
    """
    shown = _Shown(patch_weights(head, [place], "row")[0], "looks at", place, (place,))
    return _strip(head, shown, frames, temporal_patch, scale)


def column_over_video(
    head: Head,
    key: int,
    place: Place | None,
    frames: np.ndarray,
    temporal_patch: int,
    scale: ColourScale,
) -> FilmStrip:
    """Who looks at one key (a token, a word or a null key), laid over every frame."""
    name = key_axis(head.record, head.item).names[key]
    what = f"tokens that read “{name}”"
    shown = _Shown(word_weights(head, key), what, place, (place,), "column")
    picture = _strip(head, shown, frames, temporal_patch, scale)
    return replace(
        picture,
        name=f"{head.stem}_key_{key:02d}_over_video",
        uniforms=_each_query(head, head.record.batch_items[head.item]),
        made_by={**picture.made_by, "key": name, "key_at": key},
    )


def patches_over_video(
    head: Head,
    places: Sequence[Place],
    frames: np.ndarray,
    temporal_patch: int,
    *,
    direction: Direction = "row",
    combine: Combine = "mean",
    scale: ColourScale,
) -> FilmStrip:
    """Where one or several patches look, or who looks at them, over every frame on one scale.

    places: the first one is the patch that was chosen first. combine: of the weights of several.
    """
    weights = combined(patch_weights(head, places, direction), combine)
    what = _shows(places, direction, combine)
    shown = _Shown(weights, what, places[0], tuple(places), direction)
    picture = _strip(head, shown, frames, temporal_patch, scale)
    return replace(
        picture,
        also=tuple(places[1:]),
        made_by={**picture.made_by, "queries" if direction == "row" else "keys": list(places)},
        chosen_is_key=direction == "column",
        uniform=None if combine == "sum" else _uniform(head, places, direction),
        uniforms=_uniforms(head, places, direction, combine) if scale.law == "uniform" else None,
    )


def walk_over_video(
    head: Head,
    places: Sequence[Place],
    frames: np.ndarray,
    temporal_patch: int,
    *,
    direction: Direction = "row",
    scale: ColourScale,
) -> list[FilmStrip]:
    """One picture for each place of a walk, all on one scale."""
    return [
        patches_over_video(head, [place], frames, temporal_patch, direction=direction, scale=scale)
        for place in places
    ]


def word_weights(head: Head, key: int) -> np.ndarray:
    """How much every token reads one key (a token, a word or a null key): 't h w' float32.

    NaN where its row is not a distribution.
    """
    weights = head.map.columns([key])[:, 0]
    weights = blanked(weights, wrong_among(head.map), range(len(weights)))
    return on_grid(head.record.query_axis(head.item), weights)


def patch_weights(head: Head, places: Sequence[Place], direction: Direction) -> np.ndarray:
    """The row (or column) of every patch at its place in the video: 'p t h w' float32.

    See `analysis.overlay.patch_weights`.
    """
    return overlay.patch_weights(head.map, places, direction)


def _uniform(head: Head, places: Sequence[Place], direction: Direction) -> float | None:
    """The weight of a query that does not choose; None where the queries shown differ in it."""
    record = head.record
    found = []
    for original, token in overlay.located(head.map, places):
        if original not in record.batch_items:
            continue
        each = uniform_weight(record.visible_keys(record.item_of(original)))
        found.append(each[[token]] if direction == "row" else each)
    every = np.concatenate(found) if found else np.zeros(0)
    return float(every[0]) if len(every) and np.ptp(every) == 0 else None


def _uniforms(
    head: Head, places: Sequence[Place], direction: Direction, combine: Combine
) -> np.ndarray:
    """What each weight of the strip is a multiple of, put together as the weights are: 't h w'."""
    grids = [_uniforms_of(head, *at, direction) for at in overlay.located(head.map, places)]
    return combined(np.stack(grids), combine)


def _uniforms_of(head: Head, original: int, token: int, direction: Direction) -> np.ndarray:
    """Of one patch: its own uniform weight everywhere, or that of each query that looks at it."""
    record = head.record
    if original not in record.batch_items:
        return np.full(record.places.grid, np.nan, np.float32)
    if direction == "column":
        return _each_query(head, original)
    own = uniform_weight(record.visible_keys(record.item_of(original)))[token]
    return np.full(record.places.grid, own, np.float32)


def _each_query(head: Head, original: int) -> np.ndarray:
    """The uniform weight of every query, at its place in the video: 't h w'."""
    record = head.record
    each = uniform_weight(record.visible_keys(record.item_of(original)))
    return on_grid(record.query_axis(record.item_of(original)), each)


def _wrong(head: Head, places: Sequence[Place | None], direction: Direction) -> tuple[int, ...]:
    """Queries among those drawn whose rows are not a distribution, of the first place's map."""
    record = head.record
    if direction == "column":
        return wrong_among(head.map)
    located = [record.places.locate(place) for place in places if place is not None]
    there = replace(head.map, item=record.item_of(located[0][0]))
    return wrong_among(there, [at for own, at in located if own == located[0][0]])


def _shows(places: Sequence[Place], direction: Direction, combine: Combine) -> str:
    if len(places) == 1:
        return "looks at" if direction == "row" else "tokens that read it"
    what = "where they look" if direction == "row" else "tokens that read them"
    return f"and {len(places) - 1} more patches, {combine} of {what}"


@dataclass(frozen=True, eq=False)
class _Shown:
    """What is laid over the video. weights: 't h w'. places: whose rows or columns they are."""

    weights: np.ndarray
    what: str
    place: Place | None
    places: Sequence[Place | None]
    direction: Direction = "row"


def _strip(
    head: Head, shown: _Shown, frames: np.ndarray, temporal_patch: int, scale: ColourScale
) -> FilmStrip:
    record, place, scale = head.record, shown.place, over_frames(scale)
    asked = f" · {place_name(*place)}" if place else ""
    uniform = head.map.uniform
    at = record.places.locate(place)[1] if place else 0
    return FilmStrip(
        name=f"{head.stem}_over_video",
        title=f"{head.title}{asked} · {shown.what}",
        notes=(
            scale.describe(),
            *wrong_notes(_wrong(head, shown.places, shown.direction)),
            *head.notes,
        ),
        made_by=head.made_by(scale) | {"query": place, "shows": shown.what},
        frames=frames,
        steps=frame_steps(len(frames), temporal_patch),
        weights=shown.weights,
        query=place,
        scale=scale,
        unit=UNIT,
        uniform=float(uniform[at]),
    )


def over_frames(scale: ColourScale) -> ColourScale:
    """The scale as it is laid over frames: of magma, dark colours let the frame through."""
    return replace(scale, palette="magma") if scale.palette == "magma_r" else scale


def frame_steps(frames: int, temporal_patch: int) -> tuple[tuple[int, ...], ...]:
    """Frames of each time step: the first alone, then `temporal_patch` each.

    Source: C-ViViT, Phenaki (arXiv 2210.02399) section 2.1.
    """
    later = range(1, frames, temporal_patch)
    return ((0,), *(tuple(range(first, first + temporal_patch)) for first in later))
