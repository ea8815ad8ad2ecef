"""Threads that compute side by side, each on one core.

PyTorch and NumPy let go of Python while they compute. So work that falls into parts is done part by
part on all cores, each part in its own core's cache; PyTorch's own threads meet after every single
step instead.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Barrier
from typing import TypeVar

import torch

CORES = min(8, os.cpu_count() or 1)
AHEAD = 2  # parts that wait for each core, so that none is idle while results are taken
START = 60  # seconds within which a thread has started, or something is very wrong
Part = TypeVar("Part")
Made = TypeVar("Made")


def side_by_side(work: Callable[[Part], Made], parts: Iterable[Part]) -> Iterator[Made]:
    """What `work` makes of each part, in their order.

    The first part is done alone: what is made once for all parts is there for the others. Some
    parts are done ahead; when the iterator is closed, no more are begun.
    """
    ahead: deque[Future[Made]] = deque()
    try:
        for at, part in enumerate(parts):
            ahead.append(_crew().submit(work, part))
            if at == 0 or len(ahead) > AHEAD * CORES:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        for one in ahead:
            one.cancel()


@cache
def _crew() -> ThreadPoolExecutor:
    """The threads, for as long as the process runs."""
    threads, started = torch.get_num_threads(), Barrier(CORES + 1)

    def start() -> None:
        torch.get_num_threads()  # a thread's first question takes over what the process has set
        torch.set_num_threads(1)  # of this thread, and of those that start after it
        started.wait(START)

    crew = ThreadPoolExecutor(CORES, thread_name_prefix="crew", initializer=start)
    for _ in range(CORES):
        crew.submit(int)
    started.wait(START)
    torch.set_num_threads(threads)  # of those that start from now on
    return crew


os.register_at_fork(after_in_child=_crew.cache_clear)  # threads stay behind
