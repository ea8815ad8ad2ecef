"""Kinds of tokens, as they stand in a row along one side of a map.

Null keys, words, special tokens, plain ones, and patches of a video: in the order of a grid, or
scattered.
"""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import prod

import numpy as np

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.places import Grid as GridSize
from phenaki_viz.recording.places import Place


def place_name(t: int, h: int, w: int) -> str:
    """A patch in words: 'time 2, row 0, column 3'."""
    return f"time {t}, row {h}, column {w}"


@dataclass(frozen=True)
class Null:
    """Learned keys that belong to nothing; every query may read them."""

    count: int
    group = "null"

    def __len__(self) -> int:
        return self.count

    def name(self, at: int) -> str:
        """'null 1', counted from 1."""
        return f"null {at + 1}"


@dataclass(frozen=True)
class Words:
    """Tokens of a text."""

    words: tuple[str, ...]
    group = "text"

    def __len__(self) -> int:
        return len(self.words)

    def name(self, at: int) -> str:
        """The word itself; two tokens may be the same word."""
        return self.words[at]


@dataclass(frozen=True)
class Special:
    """Tokens of the model's own: a class token, registers, messages between frames."""

    kind: str
    count: int = 1

    @property
    def group(self) -> str:
        """What they are called together."""
        return self.kind

    def __len__(self) -> int:
        return self.count

    def name(self, at: int) -> str:
        """'cls'; 'register 2' where there are several, counted from 1."""
        return self.kind if self.count == 1 else f"{self.kind} {at + 1}"


@dataclass(frozen=True)
class Plain:
    """Tokens of which no more is known than their order."""

    count: int
    group = "tokens"

    def __len__(self) -> int:
        return self.count

    def name(self, at: int) -> str:
        """'token 0', counted from 0."""
        return f"token {at}"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Patches of a video in the order of a grid: all of it, a frame, a patch over time, a window.

    whole: 't h w' of the video, in which places count. shape: 't h w' of the tokens, 1 where they
    do not run. origin: place of the first. stride: how many places one token stands for along each
    axis (pooled tokens). order: which axes run slowest to fastest. Places go on at the other side
    of the whole (a window that was rolled over the border).
    """

    whole: GridSize
    shape: GridSize
    origin: Place = (0, 0, 0)
    stride: Place = (1, 1, 1)
    order: str = "thw"
    group = "patches"

    def __post_init__(self) -> None:
        if sorted(self.order) != sorted("thw"):
            raise RecordingError(f"the order of a grid's axes is of t, h and w, got {self.order!r}")
        covered = [size * each for size, each in zip(self.shape, self.stride, strict=True)]
        if min(self.shape) < 1 or min(self.stride) < 1:
            raise RecordingError(f"tokens {self.shape} of {self.stride} places each: use 1 or more")
        if any(size > most for size, most in zip(covered, self.whole, strict=True)):
            raise RecordingError(
                f"tokens {self.shape}, each of {self.stride} places, are more than the grid "
                f"{self.whole} has"
            )

    def __len__(self) -> int:
        return prod(self.shape)

    def name(self, at: int) -> str:
        """The place in words; of a pooled token, the first of its places."""
        return place_name(*self.places[at].tolist())

    @property
    def is_regular(self) -> bool:
        """Whether tokens are single places in the order t, h, w, as a flat index counts them."""
        return self.order == "thw" and self.stride == (1, 1, 1)

    @cached_property
    def places(self) -> np.ndarray:
        """The first place of every token: 'n 3' int, step, row and column."""
        sizes = [self.shape["thw".index(axis)] for axis in self.order]
        along = np.unravel_index(np.arange(len(self)), sizes)
        inside = np.stack([along[self.order.index(axis)] for axis in "thw"], axis=1)
        return (np.array(self.origin) + inside * np.array(self.stride)) % np.array(self.whole)

    def index(self, place: Place) -> int | None:
        """The token that stands for a place; None where none does."""
        away = (np.array(place) - self.origin) % np.array(self.whole) // np.array(self.stride)
        if (away >= self.shape).any():
            return None
        sizes = [self.shape["thw".index(axis)] for axis in self.order]
        return int(np.ravel_multi_index([away["thw".index(a)] for a in self.order], sizes))


@dataclass(frozen=True, kw_only=True)
class Scattered:
    """Patches in no order of a grid: the visible ones of a masked video, sorted mask tokens.

    at: the place of each. whole: 't h w' of the video.
    """

    whole: GridSize
    at: tuple[Place, ...]
    stride: Place = field(default=(1, 1, 1), init=False)
    group = "patches"

    def __len__(self) -> int:
        return len(self.at)

    def name(self, at: int) -> str:
        """The place in words."""
        return place_name(*self.at[at])

    @cached_property
    def places(self) -> np.ndarray:
        """The place of every token: 'n 3' int, step, row and column."""
        return np.array(self.at, np.int64).reshape(-1, 3)

    def index(self, place: Place) -> int | None:
        """The token at a place; None where none is."""
        return self.at.index(place) if place in self.at else None


Segment = Null | Words | Special | Plain | Grid | Scattered


def groups_of(segment: Segment) -> list[tuple[int, str]]:
    """Groups within a segment by their first tokens: the time steps of frames, or all of it."""
    if not isinstance(segment, Grid):
        return [(0, segment.group)]
    _, rows, columns = segment.shape
    if not segment.order.startswith("t") or rows * columns == 1:
        return [(0, Plain.group)]
    steps = segment.places[:, 0].tolist()
    new = [at + 1 for at, (one, after) in enumerate(pairwise(steps)) if one != after]
    return [(at, f"time {steps[at]}") for at in (0, *new)]
