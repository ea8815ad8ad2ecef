"""Processes of this machine: a spawned pool, made anew when one of them is killed."""

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for

from phenaki_viz.atlas.job import Job, Part
from phenaki_viz.atlas.working import Made, work

TOGETHER = 2  # deaths of its worker that a part may see in company; from there on it runs alone


def processes(job: Job, parts: Sequence[Part], workers: int) -> Generator[Made, None, None]:
    """Parts on `workers` processes. A part whose worker dies is begun again, and given up when it
    ran alone and its worker died: of several under way, any one may have killed it.
    """
    waiting, suspects, deaths = deque(parts), deque[Part](), Counter[str]()
    while waiting or suspects:
        group, most = (waiting, workers) if waiting else (suspects, 1)
        under_way: dict[Future[Made], Part] = {}
        with _pool(most) as pool:
            yield from _through(pool, job, group, under_way, most)
        for part in under_way.values():  # the pool broke
            deaths[part.name] += 1
            if deaths[part.name] > TOGETHER:
                why = "its worker died each time it was tried, as of too little memory"
                yield Made(part=part.name, clips=len(part.clips), why=why)
            else:
                (suspects if deaths[part.name] == TOGETHER else waiting).append(part)


def _through(
    pool: ProcessPoolExecutor,
    job: Job,
    group: deque[Part],
    under_way: dict[Future[Made], Part],
    most: int,
) -> Iterator[Made]:
    """What the pool makes of a group, until all is made, or it breaks: then of what is left in it
    and in `under_way` nothing is known.
    """
    while group or under_way:
        while group and len(under_way) < most:
            with _deaf_children():
                under_way[pool.submit(work, job, group[0])] = group[0]
            group.popleft()
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=_is_broken):
            if _is_broken(future):
                return
            del under_way[future]
            yield future.result()


def _is_broken(future: Future[Made]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """A block in which processes are begun that do not hear Ctrl-C, from their first instruction.

    It reaches every process of a terminal; what it means is decided by the first one alone.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows: they turn deaf in `_begin`
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes end at once when the block is left, or this process is killed."""
    context = multiprocessing.get_context("spawn")
    ours_is_open, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(ours_is_open,)
    )
    try:
        yield pool
    finally:
        ours.close()
        ours_is_open.close()
        pool.shutdown(cancel_futures=True)


def _begin(ours_is_open: Connection) -> None:
    """In a worker: end when the pipe's other end closes, as it does when its process is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(ours_is_open,), daemon=True).start()


def _end_with(ours_is_open: Connection) -> None:
    wait_for([ours_is_open])
    os._exit(0)
