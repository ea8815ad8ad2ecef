"""What is kept between moves, counted whole: maps, weights, clips, outcomes and what holds them."""

import itertools
import threading
import weakref
from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from phenaki_viz.numerics.footprint import footprint

T = TypeVar("T")


@dataclass
class Shelf(Generic[T]):
    """Things by what decides them, the least recently used thrown out beyond `limit_bytes`.

    A thing counts with all that hangs on it, its key included; what several share counts once.
    The latest one stays whatever its size.
    """

    limit_bytes: int
    things: OrderedDict[Hashable, T] = field(default_factory=OrderedDict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _parts: dict[Hashable, dict[int, int]] = field(default_factory=dict)
    _holders: Counter[int] = field(default_factory=Counter)
    _bytes: int = 0
    _laid: list[Hashable] = field(default_factory=list)

    def get(self, key: Hashable) -> T | None:
        """A kept thing, or None."""
        with self.lock:
            if key in self.things:
                self.things.move_to_end(key)
            return self.things.get(key)

    def put(self, key: Hashable, thing: T) -> None:
        """Keep a thing; older ones go when all together are over the limit."""
        self.lay(key, thing)
        self.settle()

    def lay(self, key: Hashable, thing: T) -> None:
        """Keep a thing, weighed by `settle`: a picture must not wait for that.

        What was laid before and not settled is weighed now.
        """
        self.settle()
        with self.lock:
            self.drop(key)
            self.things[key] = thing
            self._laid.append(key)

    def settle(self) -> None:
        """Weigh what was laid; older things go when all together are over the limit."""
        with self.lock:
            laid = [(key, self.things[key]) for key in self._laid if key in self.things]
            self._laid.clear()
        weighed = [(key, thing, footprint(key, thing, self.beside(thing))) for key, thing in laid]
        with self.lock:
            for key, thing, parts in weighed:
                # Not thrown out meanwhile, nor laid and weighed again.
                if self.things.get(key) is thing and key not in self._parts:
                    self._count(key, parts)
            while laid and len(self.things) > 1 and self._bytes > self.limit_bytes:
                self.drop(next(iter(self.things)))

    def _count(self, key: Hashable, parts: dict[int, int]) -> None:
        self._parts[key] = parts
        for part, size in parts.items():
            self._holders[part] += 1
            self._bytes += size if self._holders[part] == 1 else 0

    def beside(self, thing: T) -> object:
        """What is kept as long as a thing is, without hanging on it; counted with it."""
        return None

    def drop(self, key: Hashable) -> None:
        """Let go of a thing; what others hold as well stays counted."""
        with self.lock:
            self.things.pop(key, None)
            if key in self._laid:
                self._laid.remove(key)
            for part, size in self._parts.pop(key, {}).items():
                self._holders[part] -= 1
                if self._holders[part] == 0:
                    del self._holders[part]
                    self._bytes -= size

    @property
    def nbytes(self) -> int:
        """Bytes of everything that is kept."""
        self.settle()
        return self._bytes


_numbers: dict[int, tuple[weakref.ref[Any], int]] = {}
_count = itertools.count(1)
_guard = threading.RLock()


def number_of(thing: Any) -> int:
    """A number that no other thing has or will have, as `id` may once this one is gone."""
    with _guard:
        reference, number = _numbers.get(id(thing), (None, 0))
        if reference is None or reference() is not thing:
            number = next(_count)
            at = id(thing)

            def forget(gone: weakref.ref[Any]) -> None:
                if _numbers.get(at, (None, 0))[0] is gone:
                    _numbers.pop(at, None)

            _numbers[at] = weakref.ref(thing, forget), number
        return number
