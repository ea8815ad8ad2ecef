"""One lock for each model: whoever records it running, or switches parts off, is alone with it."""

import threading
import weakref

from torch import nn

from phenaki_viz.forked import in_forked_children


class ModelLock:
    """A lock that its thread may take again, and that any thread may give back.

    A `with` block inside a generator can be closed by another thread than the one that entered it;
    a `threading.RLock` would then stay locked for good.
    """

    def __init__(self) -> None:
        self._free = threading.Condition(threading.RLock())
        self._owner: int | None = None
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it for this thread; False when it was not free in `timeout` seconds."""
        me = threading.get_ident()
        with self._free:
            if self._owner not in (None, me):
                wait = (None if timeout < 0 else timeout) if blocking else 0
                if not self._free.wait_for(lambda: self._owner is None, wait):
                    return False
            self._owner = me
            self._count += 1
            return True

    def release(self) -> None:
        """Give it back once, from whichever thread."""
        with self._free:
            if not self._count:
                raise RuntimeError("a model's lock was given back more often than taken")
            self._count -= 1
            if not self._count:
                self._owner = None
                self._free.notify_all()

    def leave_to(self, thread: int) -> None:
        """Free it of any other thread's hold, as of one that a fork did not take along."""
        if self._owner != thread:
            self._free = threading.Condition(threading.RLock())
            self._owner, self._count = None, 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *raised: object) -> None:
        self.release()


class Turn:
    """One recording's turns at its model: it is alone with it while the model runs."""

    def __init__(self, lock: ModelLock) -> None:
        self._lock, self._is_mine = lock, False

    def take(self) -> None:
        """Be alone with the model, if this is not so already."""
        if not self._is_mine:
            self._lock.acquire()
            self._is_mine = True

    def give_back(self) -> None:
        """Let others at the model."""
        if self._is_mine:
            self._is_mine = False
            self._lock.release()


_locks: weakref.WeakKeyDictionary[nn.Module, ModelLock] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def lock_of(model: nn.Module) -> ModelLock:
    """The one lock of a model."""
    with _guard:
        lock = _locks.get(model)
        if lock is None:
            lock = _locks[model] = ModelLock()
        return lock


@in_forked_children
def _renew() -> None:
    global _guard
    _guard = threading.Lock()
    for lock in _locks.values():
        lock.leave_to(threading.get_ident())
