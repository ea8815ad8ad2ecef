"""Timing several ways of doing the same thing, in turns, so that a busy machine slows all alike."""

import gc
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """What one way took, in seconds: each round, the median of them and the quartiles around it."""

    rounds: tuple[float, ...]
    median: float
    lower: float
    upper: float

    def over(self, other: "Timing") -> float:
        """How many times as long as the other way, round by round: the median of these ratios.

        A machine that is slower for a while is slower for both ways of a round.
        """
        pairs = zip(self.rounds, other.rounds, strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)

    def __str__(self) -> str:
        low, middle, high = (f"{1e3 * s:.1f}" for s in (self.lower, self.median, self.upper))
        return f"{middle} ms ({low} to {high})"


def take_turns(
    ways: Mapping[str, Callable[[], object]], *, rounds: int, warmups: int = 1
) -> dict[str, Timing]:
    """Run each way once a round, in another order each time; at least 2 rounds.

    What ran before leaves its mark on caches and freed memory, so no way always follows the same
    one. Garbage is collected between calls, never within one.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for name in names * warmups:
        ways[name]()
    order = random.Random(0)
    for _ in range(rounds):
        for name in order.sample(names, len(names)):
            seconds[name].append(_seconds(ways[name]))
    return {name: _timing(taken) for name, taken in seconds.items()}


def _seconds(call: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started
    finally:
        gc.enable()


def _timing(seconds: list[float]) -> Timing:
    lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive")
    return Timing(rounds=tuple(seconds), median=median, lower=lower, upper=upper)
