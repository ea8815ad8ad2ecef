"""A process that is forked while another thread of its parent is in the middle of something."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

LONG = 20  # seconds after which a child that waits for ever is ended


def forks(test: Any) -> Any:
    """Mark a test that forks beside a thread."""
    warning = "ignore:.*multi-threaded, use of fork:DeprecationWarning"
    there = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    return there(pytest.mark.filterwarnings(warning)(test))


@contextmanager
def held_elsewhere(block: AbstractContextManager[Any]) -> Iterator[None]:
    """Another thread is inside `block` meanwhile."""
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with block:
            inside.set()
            go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(60)
    try:
        yield
    finally:
        go_on.set()
        thread.join(60)


def in_a_fork(work: Callable[[], object]) -> int:
    """How a forked process ended that did this: 0, or minus the signal of an alarm."""
    child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LONG)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
