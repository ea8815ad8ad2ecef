"""Timing several ways of doing the same thing, in turns, so that a busy machine slows all alike."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """What one way took, in seconds: the median of all rounds, and the quartiles around it."""

    median: float
    lower: float
    upper: float

    def __str__(self) -> str:
        low, middle, high = (f"{1e3 * s:.1f}" for s in (self.lower, self.median, self.upper))
        return f"{middle} ms ({low} to {high})"


def take_turns(
    ways: Mapping[str, Callable[[], object]], *, rounds: int, warmups: int = 1
) -> dict[str, Timing]:
    """Run each way once a round, starting with another one each time; at least 2 rounds.

    Garbage is collected between calls, never within one.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for name in names * warmups:
        ways[name]()
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
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
    return Timing(median=median, lower=lower, upper=upper)
