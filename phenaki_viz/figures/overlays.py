"""Rows and columns of a map laid back over the frames they are about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from phenaki_viz.analysis.overlay import Combine, Direction, Overlay, combined, looks, on_grid
from phenaki_viz.analysis.rows import blanked, wrong_among
from phenaki_viz.analysis.words import readers
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.head import Head, wrong_notes
from phenaki_viz.figures.naming import key_axis, place_name
from phenaki_viz.figures.weight_colours import UNIT
from phenaki_viz.recording import AttentionRecord, HeadMap, Place


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


@dataclass(frozen=True)
class OverFrames:
    """What a film strip shows, to be asked of every head of a stack: see `over_video`.

    places, direction, combine: of the chosen patches, see `looks`; the first one's time step is
    shown. word: the key whose readers are shown instead.
    """

    places: tuple[Place, ...]
    direction: Direction = "row"
    combine: Combine = "mean"
    word: int | None = None

    @property
    def step(self) -> int:
        """The time step that is shown."""
        return self.places[0][0]

    @property
    def decided_by(self) -> tuple[Any, ...]:
        """What decides the weights over the whole video: the readers of a word are of no patch."""
        of_patches = self.places, self.direction, self.combine
        return of_patches if self.word is None else (self.word,)

    def weights(self, head: HeadMap, *, of_uniform: bool = False) -> np.ndarray:
        """Of one head, 't h w' float32, see `looks` and `readers`; of_uniform: in its multiples."""
        if self.word is not None:
            return readers(head, self.word, of_uniform=of_uniform)
        return looks(head, self.places, self.direction, self.combine, of_uniform=of_uniform)

    def said(self, record: AttentionRecord, item: int) -> str:
        """The time step in words: 'time 2: who reads “two”'. record, item: one of the maps."""
        _, row, column = self.places[0]
        if self.word is not None:
            return f"time {self.step}: who reads “{key_axis(record, item).names[self.word]}”"
        many = f"{len(self.places)} patches"
        if len(self.places) > 1 and self.direction == "row":
            return f"time {self.step}: where {many} look, {self.combine}"
        if len(self.places) > 1:
            return f"time {self.step}: who looks at {many}, {self.combine}"
        patch = f"its row {row}, column {column}"
        seen = f"where {patch} looks" if self.direction == "row" else f"who looks at {patch}"
        return f"time {self.step}: {seen}"


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
