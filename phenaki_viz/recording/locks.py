"""One lock for each model: whoever hooks it or switches parts of it off is alone with it."""

import threading
import weakref

from torch import nn

_locks: weakref.WeakKeyDictionary[nn.Module, threading.RLock] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def lock_of(model: nn.Module) -> threading.RLock:
    """The one lock of a model: hooks, forward and removal happen under it."""
    with _guard:
        return _locks.setdefault(model, threading.RLock())
