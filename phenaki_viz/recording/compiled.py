"""Compiled models are recorded uncompiled: compiled code leaves out hooks that came after it.

PyTorch's "stance" decides for the whole process whether compiled code is used; it is put back when
the last recording that needed it has ended. What was compiled stays compiled.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from phenaki_viz.recording.walking import Named

ORIGINAL = "_orig_mod"  # where torch.compile keeps the module that it wraps
_guard = threading.RLock()
_stances: list[Any] = []
_inside = 0


def uncompiled(model: nn.Module) -> nn.Module:
    """The module that `torch.compile` was given; any other model is itself."""
    while isinstance(original := model._modules.get(ORIGINAL), nn.Module):
        model = original
    return model


def is_compiled(every: Sequence[Named], parents: Sequence[Named]) -> bool:
    """Whether any of these modules was compiled, by `torch.compile(part)` or `part.compile()`.

    parents: those of them that have parts.
    """
    return any([each._compiled_call_impl is not None for _, each in every]) or any(
        [ORIGINAL in each._modules for _, each in parents]
    )


def compiler_is_loaded() -> bool:
    """Whether anything in this process can have been compiled."""
    return "torch._dynamo" in sys.modules


@contextmanager
def eagerly() -> Iterator[None]:
    """Run the block with all compiled code left aside; of no cost where nothing was compiled."""
    if not compiler_is_loaded():
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside
    with _guard:
        if not _inside:
            stance = torch.compiler.set_stance("force_eager")
            stance.__enter__()
            _stances.append(stance)
        _inside += 1


def _leave() -> None:
    global _inside
    with _guard:
        _inside -= 1
        if not _inside:
            _stances.pop().__exit__(None, None, None)
