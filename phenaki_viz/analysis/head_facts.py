"""What was measured of one head: sums over queries that merge, over runs of rows and over clips."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from phenaki_viz.analysis.character import Spread
from phenaki_viz.analysis.ledger import OF_PLACES
from phenaki_viz.analysis.reading import WordRead
from phenaki_viz.analysis.regions import REGIONS, Mass
from phenaki_viz.analysis.surroundings import OFFSETS
from phenaki_viz.analysis.tallies import Tally

TERMS = ("content", "position", "alibi", "dense")
DISPLACED = ("dt", "drow", "dcol")
FOLLOWING = ("follows", "follows_chance", "follows_mass", "follows_mass_even")
# What is summed, each of a query unless it says so: of a pair of time steps (FOLLOWING), of a map
# (diversity, sinks), of a word of motion (moves, moves_features).
NUMBERS = (
    "entropy", "entropy_share", "keys", "top", "top_share",
    *OFFSETS, *(f"even.{name}" for name in DISPLACED),
    "off", "off_even", "null", "null_even", "text", "first",
    *(f"share.{name}" for name in TERMS),
    *(f"mass.{name}" for name in REGIONS),
    *(f"even.{name}" for name in REGIONS),
    "diversity", "sinks", "sink_mass", "sink_values",
    *FOLLOWING,
    "moves", "moves_features",
)  # fmt: skip
AT = {name: at for at, name in enumerate(NUMBERS)}


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadFacts:
    """Sums of one head.

    tally: over `NUMBERS`, of those that are known; a number that means nothing for its map counts
    no query. words: of attention to a text, the weight on every key by its name. reads: of each
    clip the word that is read where there is something, by its name, see `read_there`. queries: how
    many count. wrong: how many were left out, as their weights are no distribution. unseeing: how
    many see no key.
    """

    tally: Tally
    words: Mapping[str, Mass]
    reads: Mapping[str, WordRead] = field(default_factory=dict)
    queries: int = 0
    wrong: int = 0
    unseeing: int = 0

    @classmethod
    def nothing(cls) -> "HeadFacts":
        """Of no query."""
        return cls(tally=Tally.empty(len(NUMBERS)), words={})

    def merge(self, other: "HeadFacts") -> "HeadFacts":
        """Of the queries of both."""
        words = dict(self.words)
        for name, mass in other.words.items():
            words[name] = words[name].merge(mass) if name in words else mass
        reads = dict(self.reads)
        for name, read in other.reads.items():
            reads[name] = reads[name].merge(read) if name in reads else read
        return HeadFacts(
            tally=self.tally.merge(other.tally),
            words=words,
            reads=reads,
            queries=self.queries + other.queries,
            wrong=self.wrong + other.wrong,
            unseeing=self.unseeing + other.unseeing,
        )

    def mean(self, name: str) -> float:
        """Of one of `NUMBERS`; NaN where it means nothing."""
        return float(self._means[AT[name]])

    def deviation(self, name: str) -> float:
        """How far queries differ in it: the standard deviation; NaN where it means nothing."""
        return float(self.tally.spread[AT[name]])

    def error(self, name: str, of: int) -> float:
        """The standard error of a mean over some of a map's queries; NaN where it means nothing.

        of: how many queries there are: of all of them it is 0. As of a simple random sample, which
        is more than of one drawn in strata. Source: Cochran 1977, Sampling Techniques, section 2.7.
        """
        at = AT[name]
        count = float(self.tally.count[at])
        if count < 2:
            return float("nan")
        of_mean = self.tally.squares[at] / (count - 1) / count
        return float(np.sqrt(of_mean * max(0, 1 - count / of)))

    @cached_property
    def _means(self) -> np.ndarray:
        return self.tally.mean

    @property
    def position_share(self) -> float:
        """How much position and ALiBi decide of a row together; NaN where it is not known."""
        found = [self.mean(f"share.{name}") for name in OF_PLACES]
        known = [share for share in found if not np.isnan(share)]
        return float(np.sum(known)) if known else float("nan")

    @property
    def nulls(self) -> Mass | None:
        """The weight on null keys; None where there are none."""
        return self._mass("null", "null_even")

    @property
    def off_video(self) -> Mass | None:
        """The weight of patches on keys that are none; None where all keys are patches."""
        return self._mass("off", "off_even")

    @property
    def words_alone(self) -> dict[str, Mass]:
        """The weight on every word: without the null keys, which stand first."""
        nulls = {f"null {at + 1}" for at in range(len(self.words))} if self.nulls else set()
        return {name: mass for name, mass in self.words.items() if name not in nulls}

    @property
    def regions(self) -> dict[str, Mass]:
        """The mass of every region that says something; see `region_masses`."""
        each = {name: self._mass(f"mass.{name}", f"even.{name}") for name in REGIONS}
        return {name: mass for name, mass in each.items() if mass is not None}

    def _mass(self, name: str, even: str) -> Mass | None:
        count = int(self.tally.count[AT[name]])
        if not count:
            return None
        total = self.tally.total
        return Mass(weight=float(total[AT[name]]), even=float(total[AT[even]]), queries=count)

    @property
    def spread(self) -> Spread | None:
        """How the weight is spread; None of no query."""
        if not self.queries:
            return None
        bits, shares, keys = (
            float(self.tally.total[AT[name]]) for name in ("entropy", "entropy_share", "keys")
        )
        return Spread(bits=bits, shares=shares, keys=keys, queries=self.queries)


def tally_of(numbers: Mapping[str, np.ndarray]) -> Tally:
    """The tally over `NUMBERS` of some of them, each 'q'; NaN does not count."""
    count, total, squares = np.zeros((3, len(NUMBERS)))
    if numbers:
        at = [AT[name] for name in numbers]
        values = np.array(list(numbers.values()), np.float64)
        known = ~np.isnan(values)
        values = np.where(known, values, 0)
        count[at], total[at] = known.sum(axis=1), values.sum(axis=1)
        mean = total[at] / np.maximum(count[at], 1)
        squares[at] = (np.where(known, values - mean[:, None], 0) ** 2).sum(axis=1)
    return Tally(count, total, squares)
