"""How much memory a call needs, by the high-water mark of a process of its own."""

import multiprocessing
import resource
import sys
from collections.abc import Callable
from typing import Any


def growth_in_fresh_process(measure: Callable[..., int], *args: Any) -> int:
    """`measure(*args)`, which returns bytes, in a new process: its high-water mark is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as fresh:
        return int(fresh.apply(measure, args))


def growth(call: Callable[[], object]) -> int:
    """Bytes by which a call raises this process's high-water mark."""
    before = high_water()
    call()
    return high_water() - before


def high_water() -> int:
    """Most bytes this process has held so far. A new process starts at its parent's mark."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
