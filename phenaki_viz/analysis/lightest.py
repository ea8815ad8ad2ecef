"""How many of a row's lightest keys hold a share of it: to sort all of a long row is not needed.

A sample of the keys tells about which weight the answer lies at. What is up to that one is summed,
and the sample tells which weight lies beyond the answer. Only the keys between the two are sorted.
Where that does not settle it, the whole row is: the answer is the same in any case.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

SORTED = 1024  # keys of a row that are sorted
SAMPLE = 512  # keys of a longer one that are sampled
FURTHER = 4  # places in the sample beyond where the answer should be
GROUP = 128  # numbers that are added up in 32 bits, in eight sums or more
NEAR = 1e-6  # of what is summed: sums of such groups are no further off
SLACK = 1e-9  # what a share is rounded up by: keys that hold just as much count


def lightest(attn: np.ndarray, share: float) -> np.ndarray:
    """How many of the lightest keys of each row hold at most a share of its sum: 'q' int.

    attn: 'q j', weights of 0 and more. −1 of a row that is not finite.
    """
    if attn.shape[1] <= SORTED:
        return _by_sorting(attn, share)
    with np.errstate(invalid="ignore"):  # of rows that are not finite
        found = _by_sampling(attn, share)
    left = np.flatnonzero(found < 0)
    if left.size:
        found[left] = _by_sorting(attn[left], share)
    return found


def _by_sorting(attn: np.ndarray, share: float) -> np.ndarray:
    sums = np.cumsum(np.sort(attn, axis=1).astype(np.float64), axis=1)
    total = sums[:, -1:]
    found = (sums <= share * total + SLACK).sum(axis=1)
    return np.where(np.isfinite(total[:, 0]), found, -1)


def _by_sampling(attn: np.ndarray, share: float) -> np.ndarray:
    """How many of the lightest keys of each row hold at most a share of it, by a sample.

    attn: 'q j'. Returns 'q' int, −1 where the sample does not settle it.
    """
    sample, limit = _Sample.of(attn), share * _sums(attn) + SLACK
    at = np.minimum(sample.place(limit), SAMPLE - 1)
    below = attn <= sample.weight(at)[:, None]
    mass = _sums(attn, below)
    up = mass <= limit
    aim = sample.place(sample.mass(at) + limit - mass)
    far = sample.weight(aim + (aim - at) // 2 + np.where(up, FURTHER, -FURTHER))
    between = below ^ (attn <= far[:, None])
    count = _counts(between)
    held = np.cumsum(_sorted(attn, between, count).astype(np.float64), axis=1)
    of_all = np.where(count > 0, held[np.arange(len(held)), count - 1], 0)
    left, near = limit - mass + np.where(up, 0, of_all), NEAR * np.maximum(mass, limit)
    inside = (held <= (left - near)[:, None]).sum(axis=1)
    settled = inside == (held <= (left + near)[:, None]).sum(axis=1)
    settled &= (left > near) & ((inside < count) | np.isposinf(far))
    return np.where(settled, _counts(below) - np.where(up, 0, count) + inside, -1)


@dataclass(frozen=True, eq=False)
class _Sample:
    """weights: 'q s', sorted. held: 'q s', how much all keys up to each hold together, about."""

    weights: np.ndarray
    held: np.ndarray

    @classmethod
    def of(cls, attn: np.ndarray) -> "_Sample":
        """One key of each stretch of the row."""
        some = np.sort(attn[:, _sampled(attn.shape[1])], axis=1)
        held = np.cumsum(some.astype(np.float64), axis=1) * (attn.shape[1] / SAMPLE)
        return cls(some, held)

    def place(self, mass: np.ndarray) -> np.ndarray:
        """How many of the sample lie where so much is held, 'q' int."""
        return np.asarray((self.held <= mass[:, None]).sum(axis=1))

    def mass(self, at: np.ndarray) -> np.ndarray:
        """What is held up to a place, 'q'."""
        return np.asarray(self.held[np.arange(len(at)), at])

    def weight(self, at: np.ndarray) -> np.ndarray:
        """The weight at a place, 'q'; before the first and behind the last one infinite."""
        found = self.weights[np.arange(len(at)), np.clip(at, 0, SAMPLE - 1)]
        found[at < 0], found[at >= SAMPLE] = -np.inf, np.inf
        return found


@lru_cache(maxsize=8)
def _sampled(keys: int) -> np.ndarray:
    """Which keys are sampled: at random, as those of a grid at even distances are alike."""
    borders = np.linspace(0, keys, SAMPLE + 1).astype(int)
    return np.random.default_rng(0).integers(borders[:-1], borders[1:])


def _sums(*factors: np.ndarray) -> np.ndarray:
    """Sums of rows, 'q' float64: of their weights, or of the products with what chooses of them."""
    count, keys = factors[0].shape
    whole = keys // GROUP * GROUP
    groups = [one[:, :whole].reshape(count, whole // GROUP, GROUP) for one in factors]
    rest = [one[:, None, whole:] for one in factors]
    pattern = ",".join(["qgj"] * len(factors)) + "->qg"
    sums = (np.einsum(pattern, *some).sum(axis=1, dtype=np.float64) for some in (groups, rest))
    return np.sum(list(sums), axis=0)


def _counts(chosen: np.ndarray) -> np.ndarray:
    """How many are chosen of each row, 'q' int; NumPy is slower at all rows at once."""
    return np.array([np.count_nonzero(row) for row in chosen])


def _sorted(attn: np.ndarray, chosen: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The chosen weights of each row from the lightest on, behind them infinite ones: 'q k'."""
    held = np.full((len(attn), max(1, count.max())), np.inf, attn.dtype)
    held[np.arange(held.shape[1]) < count[:, None]] = attn[chosen]
    held.sort(axis=1)
    return held
