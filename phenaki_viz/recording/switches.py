"""Heads switched off and layers cut away by hooks: nothing of the model is written to.

The hooks act in the thread that set them alone: whoever shares the model sees all of it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.families.phenaki import (
    AttentionModule,
    attention_modules,
    transformer_modules,
)
from phenaki_viz.recording.locks import lock_of


@dataclass(frozen=True, kw_only=True)
class Switches:
    """What is taken out of a model.

    off: (module, head) pairs whose contribution to the output is nothing. depth: (transformer,
    layers kept) pairs; the layers after them add nothing and are not recorded.
    """

    off: frozenset[tuple[str, int]] = frozenset()
    depth: frozenset[tuple[str, int]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.off or self.depth)

    @property
    def origin(self) -> dict[str, Any]:
        """What is off as JSON values, for what a recording says of how it was made."""
        return {
            "heads_off": sorted(map(list, self.off)),
            "depth_kept": sorted(map(list, self.depth)),
        }


class _LeftOut(threading.local):
    """Modules of the layers that are cut away in this thread."""

    def __init__(self) -> None:
        self.modules: set[nn.Module] = set()


_left_out = _LeftOut()


def is_left_out(module: nn.Module) -> bool:
    """Whether a module lies in a layer that this thread has cut away: what it does is unused."""
    return module in _left_out.modules


@contextmanager
def switched(model: nn.Module, switches: Switches) -> Iterator[None]:
    """Run the block with heads off and layers cut, for this thread, under the model's lock.

    A head that is off still has its map, and the map is what it would do: its share of what
    `to_out` reads is zero, so nothing of it reaches the output. A layer that is cut away adds
    nothing to the tokens. Raises RecordingError, before anything is hooked, for names, heads or
    depths that the model does not have.
    """
    with lock_of(model), ExitStack() as back:
        attentions, transformers = attention_modules(model), transformer_modules(model)
        _check_heads(attentions, switches)
        _check_depths(transformers, switches)
        for name, head in sorted(switches.off):
            back.enter_context(_without_head(attentions[name], head))
        for name, kept in sorted(switches.depth):
            back.enter_context(_cut(transformers[name], kept))
        yield


def _check_heads(attentions: dict[str, AttentionModule], switches: Switches) -> None:
    for name, head in switches.off:
        module = attentions.get(name)
        if module is None or not 0 <= head < module.heads:
            raise RecordingError(f"there is no head {head} in {name}: nothing was switched off")


def _check_depths(transformers: dict[str, nn.Module], switches: Switches) -> None:
    for name, kept in switches.depth:
        found = transformers.get(name)
        layers = found.get_submodule("layers") if found is not None else nn.ModuleList()
        if found is None or not 0 <= kept <= len(layers._modules):
            raise RecordingError(f"{name} cannot be cut after {kept} layers")
        if not all(isinstance(layer, nn.ModuleList) for layer in layers.children()):
            raise RecordingError(
                f"{name} cannot be cut: its layers are not lists of parts that are added up"
            )


@contextmanager
def _without_head(module: AttentionModule, head: int) -> Iterator[None]:
    """What `to_out` reads, 'b i (h d)', is zero in the columns of one head."""

    def silence(_: nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        x, *rest = args
        width = x.shape[-1] // module.heads
        x = x.clone()
        x[..., head * width : (head + 1) * width] = 0
        return (x, *rest)

    hook = partial(_in_thread, threading.get_ident(), silence)
    handle = module.to_out.register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _cut(transformer: nn.Module, kept: int) -> Iterator[None]:
    """Every part of a layer is added to the tokens: those of the cut layers give zeros to add."""

    def nothing(_: nn.Module, args: Any, output: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(output)

    hook = partial(_in_thread, threading.get_ident(), nothing)
    layers = list(transformer.get_submodule("layers").children())[kept:]
    cut = {module for layer in layers for module in layer.modules()} - _left_out.modules
    with ExitStack() as hooks:
        for part in (part for layer in layers for part in layer.children()):
            hooks.callback(part.register_forward_hook(hook).remove)
        _left_out.modules |= cut
        hooks.callback(_left_out.modules.difference_update, cut)
        yield


def _in_thread(thread: int, hook: Callable[..., Any], *args: Any) -> Any:
    """None, which changes nothing, in any other thread than the one that asked for it."""
    return hook(*args) if threading.get_ident() == thread else None
