"""Tracks: where one head finds a patch again at every other time step, as a path over the video.

    step(u) = the strongest key within time step u        [of direction "row"; of "column", query]
    share(u) = its weight / all weight on step u          [how sure the head is of it]

The own time step of a patch holds the patch itself. A key of a text has no place of its own: its
track is the patch of every time step that reads it most.
Source: temporal correspondence as in DiffTrack 2025 (arXiv 2506.17220): the argmax of the match
between frames, joined over time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from phenaki_viz.analysis.following import NEAR, UNKNOWN, following, is_ahead
from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.analysis.overlay import Direction, Overlay, key_weights
from phenaki_viz.errors import RecordingError, ShapeError
from phenaki_viz.recording import AttentionRecord, HeadMap, Place


@dataclass(frozen=True, eq=False, kw_only=True)
class Track:
    """One head's path over the time steps.

    head: of which. start: (step, row, column) of the patch that it is the track of; None of a key
    of a text. direction: "row" where it looks, "column" who looks at it.
    places: 't 2' int, row and column of the strongest patch of every time step, the start at its
    own; `UNKNOWN` where no patch of the step may be seen, and where none has any weight. weights:
    't' float32, the weight there. shares: 't' float32, of all weight on the patches of its step: 1
    is sure, 1 / patches is even. Both NaN where there is no place, and at the start's own step.
    open: 't h w' bool, the patches that it chose from.
    """

    head: HeadMap
    start: Place | None
    direction: Direction
    places: np.ndarray
    weights: np.ndarray
    shares: np.ndarray
    open: np.ndarray

    @cached_property
    def choices(self) -> np.ndarray:
        """Between how many patches it chose at every time step: 't' int, 0 at the start's own."""
        counts: np.ndarray = self.open.sum(axis=(1, 2))
        return counts

    @property
    def chose(self) -> np.ndarray:
        """At which time steps there was more than one patch to choose from: 't' bool."""
        chose: np.ndarray = self.choices > 1
        return chose

    @property
    def found(self) -> np.ndarray:
        """The time steps, other than the start's own, at which it has a place: 't' bool."""
        found: np.ndarray = (self.choices > 0) & (self.places != UNKNOWN).all(axis=1)
        return found

    @property
    def confidence(self) -> float:
        """Mean of the shares where there was a choice; NaN where there was none."""
        sure = self.shares[self.chose & self.found]
        return float(sure.mean()) if len(sure) else float("nan")

    @property
    def even(self) -> float:
        """What that mean would be if all patches of a step were alike; NaN without a choice."""
        choices = self.choices[self.chose & self.found]
        return float((1 / choices).mean()) if len(choices) else float("nan")


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged:
    """A track beside the true path.

    counted: 't' bool, other time steps where the truth is known and there was a choice; one without
    weight, or where all patches get the same, counts as a miss. hits: 't' bool, its place lies
    within `NEAR` patches of the true one. chances: 't' float, the share of the patches it
    chose from that would have been a hit.
    """

    counted: np.ndarray
    hits: np.ndarray
    chances: np.ndarray

    @property
    def of(self) -> int:
        """Time steps that count."""
        return int(self.counted.sum())

    @property
    def right(self) -> int:
        """How many of them it hit."""
        return int((self.hits & self.counted).sum())

    @property
    def accuracy(self) -> float:
        """Share of hits; NaN where nothing counts."""
        return self.right / self.of if self.of else float("nan")

    @property
    def chance(self) -> float:
        """What a patch drawn at random would have; NaN where nothing counts."""
        return float(self.chances[self.counted].mean()) if self.of else float("nan")


def track(
    record: AttentionRecord,
    head: int,
    start: Place,
    *,
    direction: Direction = "row",
    video: int = 0,
) -> Track:
    """The track of a patch (step, row, column) of one video of the batch.

    head: counted in what was recorded. One row (or column) of the map is read, however long it is.
    A temporal map has one key in every other step, its own patch: there it stands still. A spatial
    map has none: nothing is found.
    Raises RecordingError where the patch is outside the grid, or its map was not recorded.
    """
    original, _ = record.places.locate(start, video)
    there = record.head(head, record.item_of(original))
    weights = Overlay(there, [start], direction).weights[0]
    weights[start[0]] = np.nan
    found = _strongest(there, weights, direction)
    found.places[start[0]] = start[1:]
    return replace(found, start=start)


def track_of_key(record: AttentionRecord, head: int, key: int, *, item: int = 0) -> Track:
    """The patch of every time step that reads one key most: a word, a null key.

    head, item: counted in what was recorded. key: a column of the map, null keys first.
    Raises RecordingError when there is no such key.
    """
    there = record.head(head, item)
    if not 0 <= key < there.shape[1]:
        raise RecordingError(f"key {key} asked of a map with {there.shape[1]} keys, from 0")
    return _strongest(there, key_weights(there, key), "column")


def _strongest(head: HeadMap, weights: np.ndarray, direction: Direction) -> Track:
    """The path of the largest weight of every step: 't h w', NaN where it may not be."""
    steps, _, columns = weights.shape
    seen = np.isfinite(weights)
    flat = np.where(seen, weights, -1).reshape(steps, -1)
    best = flat.argmax(axis=1)
    places = np.stack([best // columns, best % columns], axis=1)
    largest = flat[np.arange(steps), best]
    there = largest > 0  # what has no weight at all is nowhere
    mass = np.where(seen, weights, 0).sum(axis=(1, 2), dtype=np.float64)
    shares = np.divide(largest, mass, out=np.full(steps, np.nan), where=there)
    return Track(
        head=head,
        start=None,
        direction=direction,
        places=np.where(there[:, None], places, UNKNOWN).astype(np.int64),
        weights=np.where(there, largest, np.nan).astype(np.float32),
        shares=shares.astype(np.float32),
        open=seen,
    )


def judged(found: Track, path: np.ndarray) -> Judged:
    """A track beside the true path. path: 't 2' int, row and column, `UNKNOWN` where not known.

    Raises ShapeError when the path has other time steps than the track.
    """
    steps = len(found.places)
    if np.shape(path) != (steps, 2):
        raise ShapeError(
            f"a path is of {steps} time steps, row and column, as the track is; "
            f"got shape {np.shape(path)}"
        )
    known = (path != UNKNOWN).all(axis=1)
    _, rows, columns = np.indices(found.open.shape)
    r, c = path.T[..., None, None]
    near = np.maximum(abs(rows - r), abs(columns - c)) <= NEAR
    right = (found.open & near).sum(axis=(1, 2))
    there = found.found & (np.abs(found.places - path).max(axis=1) <= NEAR)
    chosen = is_ahead(found.shares, 1, found.choices)
    return Judged(
        counted=known & found.chose,
        hits=known & there & chosen,
        chances=right / np.maximum(found.choices, 1),
    )


def path_of(places: Sequence[Place], steps: int) -> np.ndarray:
    """A path marked by hand, 't 2' int: `UNKNOWN` at time steps without a mark; the last counts."""
    path = np.full((steps, 2), UNKNOWN, np.int64)
    for step, row, column in places:
        if 0 <= step < steps:
            path[step] = row, column
    return path


def on_path(path: np.ndarray, step: int) -> Place | None:
    """The patch of a path at a time step, or at the nearest one that is known; None of no patch."""
    known = np.flatnonzero((path != UNKNOWN).all(axis=1))
    if not len(known):
        return None
    at = int(known[np.abs(known - step).argmin()])
    return at, int(path[at, 0]), int(path[at, 1])


@incremental
def accuracies(
    records: Sequence[AttentionRecord],
    path: np.ndarray,
    *,
    key: int | None = None,
    video: int = 0,
) -> Incremental[Mapping[str, np.ndarray]]:
    """How often every head of a stack finds an object again, from and in every time step.

    path: 't 2' int, of the object. key: of a text, whose readers are looked at instead. Returns
    'l h' float64 each: follows (share of hits), chance, pairs (how many count); NaN where nothing
    does. A step is one head.
    """
    heads = max(len(record.heads) for record in records)
    shape = len(records), heads
    found = {"follows": np.full(shape, np.nan), "chance": np.full(shape, np.nan)}
    found["pairs"] = np.zeros(shape)
    for layer, record in enumerate(records):
        for head in range(len(record.heads)):
            one = _one(record, head, path, key, video)
            for name, value in zip(found, one, strict=True):
                found[name][layer, head] = value
            yield (layer + (head + 1) / len(record.heads)) / len(records)
    return found


def _one(
    record: AttentionRecord, head: int, path: np.ndarray, key: int | None, video: int
) -> tuple[float, float, float]:
    """Accuracy, chance, and over how many pairs of time steps (of a key: time steps)."""
    item = record.item_of(video * record.places.items_per_video)
    if key is not None:
        seen = judged(track_of_key(record, head, key, item=item), path)
        return seen.accuracy, seen.chance, seen.of
    pairs = following(record.head(head, item), [path])
    if not len(pairs["follows"]):
        return float("nan"), float("nan"), 0
    return pairs["follows"].mean(), pairs["follows_chance"].mean(), len(pairs["follows"])
