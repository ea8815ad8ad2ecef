"""Heads switched off and layers cut away, for one forward, and put back whatever happens."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.duck import AttentionModule, attention_modules, transformer_modules
from phenaki_viz.recording.locks import lock_of


@dataclass(frozen=True, kw_only=True)
class Switches:
    """What is taken out of a model.

    off: (module, head) pairs whose contribution to the output is nothing. depth: (transformer,
    layers kept) pairs; the layers after them do not run.
    """

    off: frozenset[tuple[str, int]] = frozenset()
    depth: frozenset[tuple[str, int]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.off or self.depth)


@contextmanager
def switched(model: nn.Module, switches: Switches) -> Iterator[None]:
    """Run the block with heads off and layers cut, under the model's lock.

    A head that is off still has its map, and the map is what it would do; its columns of `to_out`
    are zero meanwhile, so nothing of it reaches the output. Raises RecordingError, before anything
    is changed, for names, heads or depths that the model does not have.
    """
    attentions, transformers = attention_modules(model), transformer_modules(model)
    for name, head in switches.off:
        module = attentions.get(name)
        if module is None or not 0 <= head < module.heads:
            raise RecordingError(f"there is no head {head} in {name}: nothing was switched off")
    for name, kept in switches.depth:
        found = transformers.get(name)
        if found is None or not 0 <= kept <= len(found.get_submodule("layers")._modules):
            raise RecordingError(f"{name} cannot be cut after {kept} layers")
    with lock_of(model), ExitStack() as back:
        for name, head in sorted(switches.off):
            back.enter_context(_without_head(attentions[name], head))
        for name, kept in sorted(switches.depth):
            back.enter_context(_cut(transformers[name], kept))
        yield


@contextmanager
def _without_head(module: AttentionModule, head: int) -> Iterator[None]:
    width = module.to_out.in_features // module.heads
    columns = module.to_out.weight[:, head * width : (head + 1) * width]
    before = columns.detach().clone()
    with torch.no_grad():
        columns.zero_()
    try:
        yield
    finally:
        with torch.no_grad():
            columns.copy_(before)


@contextmanager
def _cut(transformer: nn.Module, kept: int) -> Iterator[None]:
    layers = transformer.get_submodule("layers")
    assert isinstance(layers, nn.ModuleList)
    transformer.layers = layers[:kept]
    try:
        yield
    finally:
        transformer.layers = layers
