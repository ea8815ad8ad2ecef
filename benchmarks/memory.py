"""How much memory a call needs, by the high-water mark of a process of its own."""

import ctypes
import multiprocessing
import resource
import sys
from collections.abc import Callable
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)


def in_fresh_process(measure: Callable[..., Any], *args: Any) -> Any:
    """`measure(*args)` in a new process, whose high-water mark begins at this one's."""
    with multiprocessing.get_context("spawn").Pool(1) as fresh:
        return fresh.apply(measure, args)


def growth(call: Callable[[], object]) -> int:
    """Bytes by which a call raises this process's high-water mark."""
    before = high_water()
    call()
    return high_water() - before


def keep_freed_memory() -> None:
    """Have glibc hold on to freed pieces of up to 32 MiB, where it is the allocator.

    Else a call now and then pays for pages that the system takes back and zeroes again: more than
    what is compared, and more on some machines than on others.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((_MMAP_THRESHOLD, 2**25), (_TRIM_THRESHOLD, 2**31 - 1)):
            mallopt(option, value)


def high_water() -> int:
    """Most bytes this process has held so far. A new process starts at its parent's mark."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
