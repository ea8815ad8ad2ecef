"""Weights by what the softmax was made of: a third of their codes, and the same to the last one.

The logarithm of a map's weights, less its position bias, is a product of queries and keys up to a
number a row: a matrix of the width of a head, whichever way the map was held. That product is sent
in whole numbers of a step, and beside it where the codes (see `weight_codes`) that it gives differ
from those of the weights themselves: what the browser reads are those codes, all of them.

Both ends compute the same: sums of whole numbers are exact in float64, and what follows is written
out here operation by operation. `codesOf` of numbers/weight_factors.js is the other end.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from phenaki_viz.browser.weight_codes import (
    FINE,
    FIRST,
    LEAST,
    LINE,
    LISTED,
    MASKED,
    MIDDLE,
    SMALL,
    TOP,
    coded,
)

WIDTHS = (16, 64, 128)  # of a head: the next is tried where the one before does not do
SPARE = 8  # directions more that are looked in
FINEST = 0.06  # error of a score, of what one code stands for: fewer bits make more corrections
SMALLEST = 1e-36  # weights below it have lost digits
SMALLER = 0.8  # than codes, of which deflating takes a sixth off
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
LOG2E = 1.4426950408889634
LOWEST = -30.0  # exp of less is no code


@dataclass(frozen=True, eq=False, kw_only=True)
class Offsets:
    """A position bias of one head. table: its value by offset, '(2d-1)…'; dimensions: of the grid
    that queries and keys run through, the keys behind `nulls` null ones, to which nothing is added.
    """

    table: np.ndarray
    dimensions: tuple[int, ...]
    nulls: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Factors:
    """Weights of one head as the browser gets them. header: beside them. parts: the arrays."""

    header: dict[str, Any]
    parts: dict[str, np.ndarray]

    @property
    def nbytes(self) -> int:
        """Before they are deflated."""
        return sum(part.nbytes for part in self.parts.values())


def factored(values: np.ndarray, offsets: Offsets | None = None) -> Factors | None:
    """The weights 'i j' by factors; None where those are no smaller than the codes.

    values: NaN only where a key is hidden from all queries. offsets: what is known to be added;
    without it, or with other masks, factors are seldom small.
    """
    hidden = np.isnan(values).all(axis=0)
    shown = np.asarray(values, np.float64)[:, ~hidden]
    if not shown.size or not np.isfinite(shown).all() or shown.min() < SMALLEST:
        return None
    finest = FINEST * _step(shown[:: 1 + len(shown) // 64])
    added = None if offsets is None else Added.of(offsets, finest / 2)
    logs = np.log(shown)
    found = _factors(logs - (0 if added is None else added.pairs()[:, ~hidden]), finest)
    if found is None:
        return None
    made = _guess(found, logs, hidden, added, finest).corrected(values)
    return made if made.nbytes < SMALLER * 2 * values.size else None


def _step(shown: np.ndarray) -> float:
    """What a code stands for, of the weight itself, in the median."""
    some = shown[(shown > LEAST) & (shown < TOP)]
    below = 10.0 ** np.floor(np.log10(some)) / 100
    steps = np.where(some < 1e-4, below, np.where(some < 1e-3, 1e-7, 1e-6)) / some
    return float(np.median(steps)) if some.size else 1e-3


def _factors(scores: np.ndarray, finest: float) -> tuple[np.ndarray, np.ndarray] | None:
    """'i r' and 'r j' whose product is scores 'i j' up to a number a row; None where none are."""
    scores = scores - scores.mean(axis=1, keepdims=True)
    chance = np.random.default_rng(0)
    for width in WIDTHS:
        if 2 * (width + SPARE) > min(scores.shape):
            return None
        basis, _ = np.linalg.qr(scores @ chance.standard_normal((scores.shape[1], width + SPARE)))
        within = basis.T @ scores
        if np.abs(scores - basis @ within).max() > 4 * finest:
            continue
        squares, turned = np.linalg.eigh(within @ within.T)
        wide = squares > (finest * len(scores) / 16) ** 2
        along, roots = turned[:, wide], squares[wide] ** 0.25
        return (basis @ along) * roots, (along.T @ within) / roots[:, None]
    return None


@dataclass(frozen=True, eq=False, kw_only=True)
class Added:
    """A position bias in whole numbers of `unit`. table: flat."""

    table: np.ndarray
    unit: float
    dimensions: tuple[int, ...]
    nulls: int

    @classmethod
    def of(cls, offsets: Offsets, unit: float) -> "Added":
        """The nearest to it."""
        table = np.rint(np.asarray(offsets.table, np.float64).ravel() / unit)
        return cls(table=table, unit=unit, dimensions=offsets.dimensions, nulls=offsets.nulls)

    def pairs(self) -> np.ndarray:
        """What is added to every weight, 'i j'."""
        place = _places(self.dimensions)
        found = np.zeros((len(place), self.nulls + len(place)))
        at = place[:, None] - place[None] + len(self.table) // 2
        found[:, self.nulls :] = self.table[at] * self.unit
        return found


def _places(dimensions: tuple[int, ...]) -> np.ndarray:
    """Where a token stands in a flat table of offsets, up to a constant."""
    tokens = np.arange(prod(dimensions))
    place, stride = np.zeros_like(tokens), 1
    for size in reversed(dimensions):
        place += tokens % size * stride
        tokens //= size
        stride *= 2 * size - 1
    return place


@dataclass(frozen=True, eq=False, kw_only=True)
class Guess:
    """Codes of weights by whole numbers. left: 'i r'; right: 'r j'; unit: of their products. rows:
    what is taken from the scores of a row, 'i' float32. hidden: 'j' bool.
    """

    left: np.ndarray
    right: np.ndarray
    unit: float
    rows: np.ndarray
    hidden: np.ndarray
    added: Added | None = None

    def codes(self) -> np.ndarray:
        """'i j' int64: about those that `coded` gives."""
        scores = _scores(self.left, self.right, self.unit, self.added)
        codes = _codes(exp(scores - self.rows.astype(np.float64)[:, None]))
        codes[:, self.hidden] = MASKED
        return codes

    def corrected(self, values: np.ndarray) -> Factors:
        """With what leads from these codes to those of the weights 'i j' themselves."""
        sent = coded(values)
        away = sent["codes"].astype(np.int64) - self.codes().ravel()
        there = np.flatnonzero(away)
        header: dict[str, Any] = {"width": len(self.right), "unit": self.unit, "bias": None}
        header |= {"hidden": np.flatnonzero(self.hidden).tolist(), "away": len(there)}
        parts = {
            "left": planes(self.left.T),
            "right": planes(self.right),
            "rows": self.rows,
            "gaps": planes(np.diff(there, prepend=-1)),
            "away": planes(away[there]),
            "large": sent["listed"][:, 1],
        }
        if self.added is None:
            return Factors(header=header, parts=parts)
        added = self.added
        bias = {"unit": added.unit, "dimensions": added.dimensions, "nulls": added.nulls}
        offsets = planes(np.diff(added.table, prepend=0))
        return Factors(header=header | {"bias": bias}, parts=parts | {"offsets": offsets})


def _scores(left: np.ndarray, right: np.ndarray, unit: float, added: Added | None) -> np.ndarray:
    scores: np.ndarray = left @ right * unit
    return scores if added is None else scores + added.pairs()


def _guess(
    found: tuple[np.ndarray, np.ndarray],
    logs: np.ndarray,
    hidden: np.ndarray,
    added: Added | None,
    finest: float,
) -> Guess:
    """By factors that are rounded as coarsely as scores may be off. logs: of what is not hidden."""
    left, some = found
    size = np.sqrt((left**2).sum(axis=1).mean() + (some**2).sum(axis=0).mean())
    step = finest * np.sqrt(12) / max(float(size), 1e-9)
    right = np.zeros((len(some), len(hidden)))
    right[:, ~hidden] = some
    left, right = np.rint(left / step), np.rint(right / step)
    unit = float(step * step)
    scores = _scores(left, right, unit, added)[:, ~hidden]
    rows = (scores - logs).mean(axis=1).astype(np.float32)
    return Guess(left=left, right=right, unit=unit, rows=rows, hidden=hidden, added=added)


def exp(x: np.ndarray) -> np.ndarray:
    """Powers of e, to 1e-9, by operations that are exact to the bit on both ends; x up to 1."""
    x = np.clip(x, LOWEST, 1.0)
    k = np.floor(x * LOG2E + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    power = np.full_like(r, 1 / 40320)
    for factorial in (5040, 720, 120, 24, 6, 2, 1, 1):
        power = power * r + 1 / factorial
    return np.ldexp(power, k.astype(np.int32))


def _codes(weights: np.ndarray) -> np.ndarray:
    """About the codes that `coded` gives, int64, without a logarithm."""
    found = np.zeros(weights.shape, np.int64)
    ladder = [
        *((float(f"1e-{11 - at}"), float(f"1e{13 - at}"), 1 + SMALL * at - 100) for at in range(7)),
        *((1e-4, 1e7, FINE - FIRST), (1e-3, 1e6, MIDDLE - FIRST)),
    ]
    for least, steps, first in ladder:
        above = weights >= least
        found[above] = np.floor(weights[above] * steps + 0.5) + first
    above = weights >= 1e-2
    found[above] = np.floor(weights[above] * 1e6) + (LINE - 10_000)
    found[weights >= TOP] = LISTED
    return found


def planes(numbers: np.ndarray) -> np.ndarray:
    """Whole numbers, small ones mostly, as bytes: all lowest bytes, then the next ones; uint8.

    0, −1, 1, −2 … are 0, 1, 2, 3 …, so that higher bytes are nearly always 0.
    """
    flat = np.asarray(numbers, np.int64).ravel()
    folded = np.where(flat < 0, -2 * flat - 1, 2 * flat)
    found: list[np.ndarray] = []
    while not found or folded.any():
        found.append((folded & 255).astype(np.uint8))
        folded >>= 8
    return np.concatenate(found)
