"""Sums and counts that merge, of runs of rows or of clips; means are taken when shown."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Tally:
    """How many numbers there were, their sum, and their squared deviations from their mean.

    Each '…' float64, alike in shape. A NaN among the numbers carries through every merge.
    Source: Chan, Golub & LeVeque 1979, Updating Formulae and a Pairwise Algorithm for Computing
    Sample Variances.
    """

    count: np.ndarray
    total: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, numbers: np.ndarray, counts: np.ndarray | None = None) -> "Tally":
        """The tally of 'n …' over its first axis. counts: 'n' bool, which of them count."""
        chosen = np.asarray(numbers if counts is None else numbers[counts], np.float64)
        count = np.full(chosen.shape[1:], len(chosen), np.float64)
        total = chosen.sum(axis=0)
        with np.errstate(invalid="ignore"):  # infinite weights of a wrong row: NaN, and no warning
            return cls(count, total, ((chosen - _over(total, count)) ** 2).sum(axis=0))

    @classmethod
    def empty(cls, *shape: int) -> "Tally":
        """Of no numbers."""
        return cls(np.zeros(shape), np.zeros(shape), np.zeros(shape))

    def merge(self, other: "Tally") -> "Tally":
        """The tally of the numbers of both."""
        count = self.count + other.count
        with np.errstate(invalid="ignore"):
            apart = _over(self.total, self.count) - _over(other.total, other.count)
        both = self.count * other.count
        between = np.where(both > 0, apart**2 * both / np.maximum(count, 1), 0)
        return Tally(count, self.total + other.total, self.squares + other.squares + between)

    def together(self) -> "Tally":
        """The tallies along the first axis, 'k …', merged into one '…'; as merging them in turn."""
        count, total = self.count.sum(axis=0), self.total.sum(axis=0)
        with np.errstate(invalid="ignore"):
            apart = _over(self.total, self.count) - _over(total, count)
        between = np.where(self.count > 0, self.count * apart**2, 0)
        return Tally(count, total, self.squares.sum(axis=0) + between.sum(axis=0))

    def with_run(self, tally: "Tally", *, wrong: bool) -> "Tally":
        """With one more run of rows; NaN from now on if one of them is no distribution."""
        both = self.merge(tally)
        return Tally(both.count, both.total + np.nan, both.squares) if wrong else both

    def at(self, *place: int) -> "Tally":
        """The tally of one place of '…'."""
        return Tally(self.count[place], self.total[place], self.squares[place])

    def put(self, place: tuple[int, ...], tally: "Tally") -> None:
        """Write the tally of one place."""
        for mine, theirs in zip(
            (self.count, self.total, self.squares),
            (tally.count, tally.total, tally.squares),
            strict=True,
        ):
            mine[place] = theirs

    @property
    def mean(self) -> np.ndarray:
        """'…' float64; NaN of no numbers."""
        return _over(self.total, self.count)

    @property
    def spread(self) -> np.ndarray:
        """The standard deviation of the numbers themselves, '…' float64; NaN of no numbers."""
        return np.sqrt(_over(self.squares, self.count))


def _over(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    total, count = np.broadcast_arrays(total, count)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
