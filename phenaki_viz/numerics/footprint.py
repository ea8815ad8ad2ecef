"""How large things are in memory: the weights of a model, and all that hangs on a thing."""

import sys
import weakref
from collections import deque
from collections.abc import Iterable
from functools import cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

# Belong to the program, not to what is kept.
_SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, torch.dtype,
           torch.device, weakref.ref)  # fmt: skip
_LEAVES = (str, bytes, bytearray, int, float, complex, type(None))


def weight_count(model: nn.Module) -> int:
    """How many weights a model has; those that several of its modules share count once."""
    return sum(weight.numel() for weight in model.parameters())


def footprint(*things: Any) -> dict[int, int]:
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
