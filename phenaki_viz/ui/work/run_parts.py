"""One step or one pass of a run, as a run of its own."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary

from phenaki_viz.runs.run import Run

MOST_PARTS = 8  # of a run that are kept; they hold no more than the run's own maps and a clip
_parts: WeakKeyDictionary[Run, OrderedDict[Any, Run]] = WeakKeyDictionary()
_guard = threading.RLock()


def part(run: Run, key: Hashable, make: Callable[[], Run]) -> Run:
    """One step or pass of a run: the same object while it is looked at, gone with the run."""
    with _guard:
        found = _parts.setdefault(run, OrderedDict())
        if key not in found:
            found[key] = make()
        found.move_to_end(key)
        while len(found) > MOST_PARTS:
            found.popitem(last=False)
        return found[key]
