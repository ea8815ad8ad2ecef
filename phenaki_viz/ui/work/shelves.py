"""What is kept between moves, counted whole: maps, weights, clips, outcomes and what holds them."""

import itertools
import sys
import threading
import weakref
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Generic, TypeVar

import numpy as np
import torch

T = TypeVar("T")
# Belong to the program, not to what is kept.
_SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, torch.dtype,
           torch.device, weakref.ref)  # fmt: skip
_LEAVES = (str, bytes, bytearray, int, float, complex, type(None))


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

        Where nobody settles, what was laid before is weighed now.
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
        weighed = [(key, thing, weigh((key, thing, self.beside(thing)))) for key, thing in laid]
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


def weigh(*things: Any) -> dict[int, int]:
    """Bytes of each object and each block of numbers that hang on these, by where it lies.

    Weights of a model count through its modules; numbers that several arrays look at count once.
    """
    found: dict[int, int] = {}
    seen: set[int] = set()
    waiting: list[Any] = list(things)
    while waiting:
        thing = waiting.pop()
        kind = _kind(thing.__class__)
        if id(thing) in seen or kind == "shared":
            continue
        seen.add(id(thing))
        if kind == "numbers":
            where, size = _block(thing)
            found[where] = max(size, found.get(where, 0))
            continue
        found[id(thing)] = sys.getsizeof(thing, 0)
        if kind == "holder":
            waiting.extend(_inside(thing))
    return found


@cache
def _kind(of: type) -> str:
    """How things of a type are weighed; types are few and things many."""
    if issubclass(of, _SHARED):
        return "shared"
    if issubclass(of, (torch.Tensor, np.ndarray)):
        return "numbers"
    return "leaf" if issubclass(of, _LEAVES) else "holder"


def _block(numbers: torch.Tensor | np.ndarray) -> tuple[int, int]:
    """Where the memory behind a tensor or an array begins, and its bytes."""
    while isinstance(numbers, np.ndarray):
        base = numbers.base
        if not isinstance(base, (np.ndarray, torch.Tensor)):
            return numbers.__array_interface__["data"][0], numbers.nbytes
        numbers = base
    if numbers.layout != torch.strided or numbers.device.type == "meta":
        return id(numbers), 0
    storage = numbers.untyped_storage()
    return storage.data_ptr(), storage.nbytes()


def _inside(thing: Any) -> Iterable[Any]:
    if isinstance(thing, dict):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, (list, tuple, set, frozenset, deque)):
        return thing
    return vars(thing).values() if hasattr(thing, "__dict__") else ()


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
