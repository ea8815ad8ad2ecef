"""What the tokens along one side of a map are: null keys, words, patches of a grid, special tokens.

A `TokenAxis` is a row of segments. Queries and keys have one each, and they need not be alike: a
joint sequence is (Words, Grid) on both sides; a class token or registers are (Special, Grid); keys
that were pooled lie on a grid of fewer tokens, each of which stands for several places. Names and
places are made for the token that is asked for.

A `Layout` says the same of all batch items of a call, whose patches differ from item to item.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import overload

import numpy as np

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.places import Grid as GridSize
from phenaki_viz.recording.places import Place, Places
from phenaki_viz.recording.segments import (
    Grid,
    Null,
    Plain,
    Scattered,
    Segment,
    Words,
    groups_of,
    place_name,
)

NOWHERE = -1  # the step, row and column of a token that is no patch


@dataclass(frozen=True)
class TokenAxis:
    """The tokens along one side of a map of one batch item, in the order of its rows or columns."""

    segments: tuple[Segment, ...]

    def __len__(self) -> int:
        return self._ends[-1]

    @cached_property
    def _ends(self) -> list[int]:
        return np.cumsum([0, *map(len, self.segments)]).tolist()

    @property
    def parts(self) -> Iterator[tuple[int, Segment]]:
        """Every segment that has tokens, with the index of its first."""
        return ((at, one) for at, one in zip(self._ends, self.segments, strict=False) if len(one))

    def _of(self, index: int) -> tuple[int, Segment]:
        """The segment of a token, and which of its tokens this is."""
        if not 0 <= index < len(self):
            raise RecordingError(f"token {index} of {len(self)}, counted from 0")
        at = int(np.searchsorted(self._ends, index, side="right")) - 1
        return index - self._ends[at], self.segments[at]

    def name(self, index: int) -> str:
        """A token in words. Raises RecordingError when there is none."""
        at, segment = self._of(index)
        return segment.name(at)

    @property
    def names(self) -> "Names":
        """All names, each made when it is read."""
        return Names(self)

    def place(self, index: int) -> Place | None:
        """(step, row, column) of a token; None of one that is no patch."""
        at, segment = self._of(index)
        if not isinstance(segment, (Grid, Scattered)):
            return None
        t, h, w = segment.places[at].tolist()
        return t, h, w

    def index(self, place: Place) -> int | None:
        """The first token that stands for a place; None where none does.

        Of tokens without places, (n, 0, 0) is the nth. Raises RecordingError for a place outside
        the video's grid.
        """
        if self.whole is not None and not all(
            0 <= at < size for at, size in zip(place, self.whole, strict=True)
        ):
            raise RecordingError(f"place {place} is outside the grid {self.whole}")
        for first, segment in self.parts:
            if isinstance(segment, (Grid, Scattered)):
                found = segment.index(place)
                if found is not None:
                    return first + found
        first, count = self._in_a_row
        there = place[1:] == (0, 0) and 0 <= place[0] < count
        return first + place[0] if there else None

    def stands_at(self, index: int) -> Place | None:
        """The place by which `index` finds a token again: its own; of tokens without places, of
        which this is the nth, (n, 0, 0). None of null keys, words and special tokens.

        Raises RecordingError when there is no such token.
        """
        first, count = self._in_a_row
        if 0 <= index - first < count:
            return index - first, 0, 0
        return self.place(index)

    @property
    def _in_a_row(self) -> tuple[int, int]:
        """Where tokens without places begin, and how many; none where others have places."""
        rows = [(first, len(one)) for first, one in self.parts if isinstance(one, Plain)]
        return rows[0] if len(rows) == 1 and self.whole is None else (0, 0)

    @cached_property
    def places(self) -> np.ndarray:
        """Step, row and column of every token, 'n 3' int; −1 of one that is no patch."""
        found = np.full((len(self), 3), NOWHERE)
        for first, segment in self.parts:
            if isinstance(segment, (Grid, Scattered)):
                found[first : first + len(segment)] = segment.places
        return found

    @property
    def is_patch(self) -> np.ndarray:
        """Which tokens are patches of the video: 'n' bool."""
        is_patch: np.ndarray = self.places[:, 0] != NOWHERE
        return is_patch

    @property
    def whole(self) -> GridSize | None:
        """'t h w' of the video that the patches are of; None without any."""
        found = (one.whole for _, one in self.parts if isinstance(one, (Grid, Scattered)))
        return next(found, None)

    @property
    def lattice(self) -> GridSize | None:
        """'t h w' of the tokens when they are one grid and nothing else; plain ones lie in a row.

        None where tokens are of several kinds, or out of a grid's order.
        """
        match [segment for _, segment in self.parts]:
            case [Grid() as grid] if grid.is_regular:
                return grid.shape
            case [Plain(count)]:
                return count, 1, 1
        return None

    @property
    def nulls(self) -> int:
        """How many null keys stand first."""
        first = next(self.parts, (0, Plain(0)))[1]
        return len(first) if isinstance(first, Null) else 0

    @property
    def reads_words(self) -> bool:
        """Whether the tokens are a text, with null keys or without, and no patch is among them.

        Null keys alone are an empty text.
        """
        return all(isinstance(one, (Null, Words)) for _, one in self.parts)

    def spans(self, kind: type[Segment]) -> list[tuple[int, int]]:
        """Where the segments of one kind are: first token, one past the last."""
        return [(at, at + len(one)) for at, one in self.parts if isinstance(one, kind)]

    @property
    def breaks(self) -> tuple[int, ...]:
        """Where another kind of token or another time step begins; not the start."""
        return tuple(at for at, _ in self._groups)[1:]

    @property
    def groups(self) -> tuple[str, ...]:
        """What is between the breaks: 'null', 'text', 'time 0', …; empty where there is no more
        to say than that they are tokens.
        """
        groups = tuple(name for _, name in self._groups)
        return () if groups == (Plain.group,) else groups

    @cached_property
    def _groups(self) -> list[tuple[int, str]]:
        return [(first + at, name) for first, one in self.parts for at, name in groups_of(one)]


class Names(Sequence[str]):
    """The names along an axis; equal to a tuple of the same ones."""

    def __init__(self, axis: TokenAxis) -> None:
        self._axis = axis

    def __len__(self) -> int:
        return len(self._axis)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...

    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        if isinstance(at, slice):
            return tuple(self._axis.name(one) for one in range(*at.indices(len(self))))
        if not -len(self) <= at < len(self):
            raise IndexError(at)  # what ends a loop over a sequence
        return self._axis.name(at % len(self))

    def __iter__(self) -> Iterator[str]:
        for _, segment in self._axis.parts:
            if isinstance(segment, (Grid, Scattered)):  # all at once, of tens of thousands
                yield from map(place_name, *segment.places.T.tolist())
            else:
                yield from map(segment.name, range(len(segment)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._axis)


@dataclass(frozen=True)
class Layout:
    """What the tokens along one side of a call's maps are, whichever batch item: its segments.

    `Places` among them stands for the patches of the item; the rest is alike in all items.
    """

    segments: tuple[Segment | Places, ...]

    def axis(self, item: int) -> TokenAxis:
        """The tokens of one batch item, by its original index."""
        return _axis(self, item)


@lru_cache(maxsize=64)  # what an axis has worked out is asked for at every click
def _axis(layout: Layout, item: int) -> TokenAxis:
    return TokenAxis(
        tuple(patches(one, item) if isinstance(one, Places) else one for one in layout.segments)
    )


def patches(places: Places, item: int) -> Grid | Plain:
    """The tokens of one batch item, by its original index, as a segment."""
    if places.batch_counts == "sequence":
        return Plain(places.tokens)
    first = places.place(item, 0)
    return Grid(whole=places.grid, shape=places.token_grid, origin=first)
