"""A head and what was measured of it; a table of heads, which joins with that of another clip.

Of very many clips, sums stand in the place of what was measured of each.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from phenaki_viz.analysis import intervals
from phenaki_viz.analysis.character import Sort, sort_by, was_chosen
from phenaki_viz.analysis.head_facts import HeadFacts
from phenaki_viz.analysis.tallies import Tally
from phenaki_viz.errors import ShapeError
from phenaki_viz.recording.records import Kind


class Taken(NamedTuple):
    """Of a clip's maps: how many queries count, of so many that were read, of so many there are."""

    counted: int
    read: int
    of: int


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadRow:
    """One head. head: its original number. clips: what was measured of it, a clip each.

    sorts: whether its map runs over space and time, so that it can be spatial or temporal. queries:
    that its maps have, a number a clip; of long ones fewer are read.
    """

    module: str
    stack: str
    kind: Kind
    layer: int
    head: int
    call: int
    sorts: bool
    queries: tuple[int, ...]
    clips: tuple[HeadFacts, ...]

    @property
    def over(self) -> int:
        """Over how many clips."""
        return len(self.clips)

    @property
    def taken(self) -> frozenset[Taken]:
        """What was taken of its clips, each way once."""
        return frozenset(
            Taken(facts.queries, facts.queries + facts.wrong + facts.unseeing, of)
            for facts, of in zip(self.clips, self.queries, strict=True)
        )

    @property
    def identity(self) -> tuple[str, Kind, int, int, int]:
        """What two rows of one head have in common."""
        return self.module, self.kind, self.layer, self.head, self.call

    @property
    def sort(self) -> Sort | None:
        """Spatial, temporal, global or even, by the rule of `character.RULE`; None of other maps.

        None, too, of a head that chose keys that are no patch (null keys, words): the rest of its
        weight says little.
        """
        facts = self.facts
        how, off = facts.spread, (facts.nulls, facts.off_video)
        if not self.sorts or how is None or any(map(was_chosen, off)):
            return None
        return sort_by(self.facts.regions, how)

    @cached_property
    def facts(self) -> HeadFacts:
        """Over all clips."""
        total = HeadFacts.nothing()
        for one in self.clips:
            total = total.merge(one)
        return total


@dataclass(frozen=True, eq=False, kw_only=True)
class MergedRow(HeadRow):
    """A head over so many clips that only sums are kept, not what was measured of each.

    total: over all clips. numbers: of every column, of the numbers that each clip has in it, as
    single numbers. count: of the clips. ways: see `taken`. clips, queries: none.
    """

    total: HeadFacts
    numbers: Mapping[str, Tally]
    count: int
    ways: frozenset[Taken]
    queries: tuple[int, ...] = ()
    clips: tuple[HeadFacts, ...] = ()

    @property
    def over(self) -> int:
        """Over how many clips."""
        return self.count

    @property
    def taken(self) -> frozenset[Taken]:
        """What was taken of its clips, each way once."""
        return self.ways

    @cached_property
    def facts(self) -> HeadFacts:
        """Over all clips."""
        return self.total

    def value(self, column: str) -> float:
        """The mean over clips of each clip's own number; NaN where none has one."""
        found = self.numbers.get(column)
        return math.nan if found is None else float(found.mean)

    def half_width(self, column: str) -> float:
        """Half of the 95 % interval of that mean by Student's t; NaN of fewer than two clips."""
        found = self.numbers.get(column)
        if found is None:
            return math.nan
        return intervals.half_width_of(float(found.count), float(found.squares))


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadTable:
    """Heads in the order of the model; all of the same clips."""

    rows: tuple[HeadRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[HeadRow]:
        return iter(self.rows)

    @property
    def clips(self) -> int:
        """Over how many."""
        return self.rows[0].over if self.rows else 0

    def join(self, other: "HeadTable") -> "HeadTable":
        """One table of the heads over the clips of both tables.

        Raises ShapeError where they are other heads.

        Of rows that hold what was measured of each clip; those of an atlas merge in its files.
        """
        mine = [row.identity for row in self]
        theirs = [row.identity for row in other]
        if mine != theirs:
            apart = sorted({str(one) for one in mine} ^ {str(one) for one in theirs})
            differing = ", ".join(apart[:3]) or "in another order"
            raise ShapeError(
                f"tables of {len(mine)} and {len(theirs)} heads cannot be joined: {differing}"
            )
        pairs = zip(self, other, strict=True)
        return HeadTable(
            rows=tuple(
                replace(one, clips=one.clips + more.clips, queries=one.queries + more.queries)
                for one, more in pairs
            )
        )
