"""Rows and columns of a map laid back over the frames they are about."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from einops import rearrange

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.overlay import Combine, Direction, Overlay, combined, on_grid
from phenaki_viz.analysis.rows import blanked, wrong_among
from phenaki_viz.analysis.thumbnails import Thumbnails
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head import Head, wrong_notes
from phenaki_viz.figures.naming import key_axis, place_name
from phenaki_viz.figures.weight_colours import UNIT
from phenaki_viz.recording import AttentionRecord, Place, Recording


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadOverFrames:
    """One head's map, as it is laid over the frames that it is about.

    frames: 'f H W 3' uint8. temporal_patch: how many of them a time step after the first covers.
    scale: of the weights, as over a map; see `over_frames`.
    """

    head: Head
    frames: np.ndarray
    temporal_patch: int
    scale: ColourScale

    def of_patches(
        self,
        places: Sequence[Place],
        *,
        direction: Direction = "row",
        combine: Combine = "mean",
    ) -> FilmStrip:
        """Where one or several patches look, or who looks at them.

        places: of the patches, the one that was chosen first first. combine: of the weights of
        several. Keys that are not in this map (other frames of a spatial map, other patches of a
        temporal one) carry NaN: no colour.
        """
        laid = Overlay(self.head.map, places, direction)
        weights, shows = combined(laid.weights, combine), _shows(places, direction, combine)
        picture = self._strip(weights, shows, places, laid.wrong)
        return replace(
            picture,
            provenance={
                **picture.provenance,
                "queries" if direction == "row" else "keys": list(places),
            },
            side=direction,
            uniform=None if combine == "sum" else laid.uniform,
            uniforms=(combined(laid.uniforms, combine) if self.scale.law == "uniform" else None),
        )

    def of_key(self, key: int, place: Place | None = None) -> FilmStrip:
        """Who looks at one key (a token, a word or a null key).

        place: of a patch to be outlined among them, if any.
        """
        head, name = self.head, key_axis(self.head.record, self.head.item).names[key]
        places, query = ([], 0) if place is None else ([place], head.map.row_of(place))
        picture = self._strip(
            word_weights(head, key), f"tokens that read “{name}”", places, wrong_among(head.map)
        )
        return replace(
            picture,
            name=f"{head.stem}_key_{key:02d}_over_video",
            word=key,
            uniform=float(head.map.uniform[query]),
            uniforms=on_grid(head.record.query_axis(head.item), head.map.uniform),
            provenance={**picture.provenance, "key": name, "key_at": key},
        )

    def _strip(
        self, weights: np.ndarray, shows: str, places: Sequence[Place], wrong: Sequence[int]
    ) -> FilmStrip:
        """Weights 't h w' over the frames. shows: what they are, in words. wrong: see `Overlay`."""
        head, scale, first = self.head, over_frames(self.scale), next(iter(places), None)
        patch = f" · {place_name(*first)}" if first else ""
        return FilmStrip(
            name=f"{head.stem}_over_video",
            title=f"{head.title}{patch} · {shows}",
            notes=(scale.describe(), *wrong_notes(wrong), *head.notes),
            provenance=head.provenance(scale) | {"query": first, "shows": shows},
            frames=self.frames,
            steps=frame_steps(len(self.frames), self.temporal_patch),
            weights=weights,
            places=tuple(places),
            scale=scale,
            unit=UNIT,
        )


def fills_frames(record: AttentionRecord) -> bool:
    """Whether a time step of the video is more than one token of these maps."""
    _, height, width = record.places.token_grid
    return height * width > 1


def stack_over_frames(
    recording: Recording,
    records: Sequence[AttentionRecord],
    items: Sequence[int],
    film: tuple[np.ndarray, int],
    law: ColourScale,
) -> list[list[HeadOverFrames]]:
    """Every head of some layers over the same frames. items: the batch item of each layer.

    film: 'f H W 3' uint8, and how many frames a time step after the first covers. law: a scale of
    whatever ends, where those are told by what is shown.
    """
    frames, temporal_patch = film
    return [
        [
            HeadOverFrames(
                head=Head(recording, record, item, head),
                frames=frames,
                temporal_patch=temporal_patch,
                scale=law,
            )
            for head in range(len(record.heads))
        ]
        for record, item in zip(records, items, strict=True)
    ]


@incremental
def all_strips(
    layers: Sequence[Sequence[HeadOverFrames]], draw: Callable[[HeadOverFrames], FilmStrip]
) -> Incremental[np.ndarray]:
    """The film strip of every head: 'l h t y x' float32, what its colours follow; a step is a head.

    layers: the heads of each layer. draw: the strip of one, `of_patches` or `of_key`. NaN where it
    has no weight.
    """
    strips, heads = [], [over for layer in layers for over in layer]
    for over in heads:
        strips.append(draw(over).coloured)
        yield len(strips) / len(heads)
    return rearrange(np.stack(strips), "(l h) t y x -> l h t y x", l=len(layers))


def step_tiles(strips: np.ndarray, step: int) -> Thumbnails:
    """One time step of `all_strips`, as tiles of a grid: a patch a cell."""
    return Thumbnails(strips[:, :, step], (1, 1))


def step_shows(
    places: Sequence[Place], direction: Direction, combine: Combine, word: str | None = None
) -> str:
    """What `step_tiles` show at the first place's time step, in words. word: whose readers."""
    step, row, column = places[0]
    if word is not None:
        return f"time {step}: who reads “{word}”"
    patch = f"row {row}, column {column}"
    if len(places) > 1:
        return f"time {step}: {patch} {_shows(places, direction, combine)}"
    looks = f"where its {patch} looks" if direction == "row" else f"who looks at its {patch}"
    return f"time {step}: {looks}"


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
    more = "1 more patch" if len(places) == 2 else f"{len(places) - 1} more patches"
    return f"and {more}, {combine} of {what}"


def over_frames(scale: ColourScale) -> ColourScale:
    """The scale as it is laid over frames: of magma, dark colours let the frame through."""
    return replace(scale, palette="magma") if scale.palette == "magma_r" else scale


def frame_steps(frames: int, temporal_patch: int) -> tuple[tuple[int, ...], ...]:
    """Frames of each time step: the first alone, then `temporal_patch` each.

    Source: C-ViViT, Phenaki (arXiv 2210.02399) section 2.1.
    """
    later = range(1, frames, temporal_patch)
    return ((0,), *(tuple(range(first, first + temporal_patch)) for first in later))
