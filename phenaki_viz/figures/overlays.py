"""Rows and columns of a map laid back over the frames they are about."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from phenaki_viz.analysis.overlay import Combine, Direction, Overlay, combined, on_grid
from phenaki_viz.analysis.rows import blanked, wrong_among
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head import Head, wrong_notes
from phenaki_viz.figures.naming import key_axis, place_name
from phenaki_viz.figures.weight_colours import UNIT
from phenaki_viz.recording import Place


def row_overlay(
    head: Head, place: Place, frames: np.ndarray, temporal_patch: int, scale: ColourScale
) -> FilmStrip:
    """Where one query looks, laid over every frame on one scale; see `patches_overlay`."""
    return patches_overlay(head, [place], frames, temporal_patch, scale=scale)


def column_overlay(
    head: Head,
    key: int,
    place: Place | None,
    frames: np.ndarray,
    temporal_patch: int,
    scale: ColourScale,
) -> FilmStrip:
    """Who looks at one key (a token, a word or a null key), laid over every frame.

    place: of a patch to be outlined among them, if any.
    """
    name = key_axis(head.record, head.item).names[key]
    what = f"tokens that read “{name}”"
    places, query = ([], 0) if place is None else ([place], head.map.row_of(place))
    picture = _strip(
        head, word_weights(head, key), what, places, frames, temporal_patch, scale,
        wrong=wrong_among(head.map),
    )  # fmt: skip
    return replace(
        picture,
        name=f"{head.stem}_key_{key:02d}_over_video",
        word=key,
        uniform=float(head.map.uniform[query]),
        uniforms=on_grid(head.record.query_axis(head.item), head.map.uniform),
        provenance={**picture.provenance, "key": name, "key_at": key},
    )


def patches_overlay(
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

    places: of the patches, the one that was chosen first first. frames: 'f H W 3' uint8. combine:
    of the weights of several. Keys that are not in this map (other frames of a spatial map, other
    patches of a temporal one) carry NaN: no colour.
    """
    laid = Overlay(head.map, places, direction)
    picture = _strip(
        head, combined(laid.weights, combine), _shows(places, direction, combine), places, frames,
        temporal_patch, scale, wrong=laid.wrong,
    )  # fmt: skip
    return replace(
        picture,
        provenance={
            **picture.provenance,
            "queries" if direction == "row" else "keys": list(places),
        },
        side=direction,
        uniform=None if combine == "sum" else laid.uniform,
        uniforms=combined(laid.uniforms, combine) if scale.law == "uniform" else None,
    )


def walk_overlay(
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
        patches_overlay(head, [place], frames, temporal_patch, direction=direction, scale=scale)
        for place in places
    ]


def word_weights(head: Head, key: int) -> np.ndarray:
    """How much every token reads one key (a token, a word or a null key): 't h w' float32.

    NaN where its row is not a distribution.
    """
    weights = head.map.columns([key])[:, 0]
    weights = blanked(weights, wrong_among(head.map), range(len(weights)))
    return on_grid(head.record.query_axis(head.item), weights)


def _shows(places: Sequence[Place], direction: Direction, combine: Combine) -> str:
    if len(places) == 1:
        return "looks at" if direction == "row" else "tokens that read it"
    what = "where they look" if direction == "row" else "tokens that read them"
    return f"and {len(places) - 1} more patches, {combine} of {what}"


def _strip(
    head: Head,
    weights: np.ndarray,
    what: str,
    places: Sequence[Place],
    frames: np.ndarray,
    temporal_patch: int,
    scale: ColourScale,
    *,
    wrong: Sequence[int],
) -> FilmStrip:
    """Weights 't h w' of a head over frames. what: in words. wrong: see `Overlay`."""
    scale, first = over_frames(scale), next(iter(places), None)
    asked = f" · {place_name(*first)}" if first else ""
    return FilmStrip(
        name=f"{head.stem}_over_video",
        title=f"{head.title}{asked} · {what}",
        notes=(scale.describe(), *wrong_notes(wrong), *head.notes),
        provenance=head.provenance(scale) | {"query": first, "shows": what},
        frames=frames,
        steps=frame_steps(len(frames), temporal_patch),
        weights=weights,
        places=tuple(places),
        scale=scale,
        unit=UNIT,
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
