"""The one shelf of what is computed from runs for pages, bounded in bytes."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from phenaki_viz.ui.work.shelves import Shelf

T = TypeVar("T")
KEPT = 256 * 2**20  # bytes of what is computed from all runs: tiles of maps, thumbnails, metrics
# By the numbers of what it was computed from, which are never given twice.
kept: Shelf[tuple[Any]] = Shelf(KEPT)


def is_kept(key: Hashable) -> bool:
    """Whether this was made and is still here."""
    return kept.get(key) is not None


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What was made for this key, or is made now. key: names everything that decides it."""
    found = kept.get(key)
    if found is None:
        found = (make(),)  # in a tuple: None may be the result
        kept.put(key, found)
    result: T = found[0]
    return result
