"""Position biases on their way from the module that makes them to the attention that adds them."""

import hashlib
import math
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.families import phenaki
from phenaki_viz.recording.interventions.in_force import source_of
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.records import PositionBias
from phenaki_viz.recording.transfers import Transfers

Bias = torch.Tensor | OffsetBias
NamedBias = tuple[str, PositionBias]


class Far:
    """A position bias whose table is on its way from a GPU: its name depends on the numbers.

    table: a copy of it there, which the maps of its layers share. host: where it will be.
    """

    def __init__(self, module: str, table: OffsetBias, transfers: Transfers) -> None:
        self.module, self.table = module, table
        self.host = transfers.to_host(table.surface)
        self.named: NamedBias | None = None


@dataclass(frozen=True)
class _Made:
    """A bias as its module returned it. mark: see `_mark`."""

    bias: weakref.ref[Any]
    mark: Any
    made: NamedBias | Far


class Biases:
    """Knows which module a bias came from, as long as it is what that module returned.

    A bias may be written to after its module returned it (padding is masked in it, it is scaled);
    then it is no longer that module's, and what attention was given is what is kept.
    """

    def __init__(self, recording: Recording, transfers: Transfers) -> None:
        self.recording, self.transfers = recording, transfers
        self._made: dict[int, _Made] = {}
        self._far: list[Far] = []
        self._copies: dict[int, tuple[weakref.ref[Any], Any, torch.Tensor]] = {}

    def see(self, name: str, module: nn.Module | None, dims: Any, bias: Bias) -> None:
        """A position bias module returned `bias` for a grid of `dims`."""
        dimensions = tuple(int(d) for d in dims)
        there = phenaki.surface_of(bias, dimensions).detach().float()
        made: NamedBias | Far
        if is_far(there):
            made = Far(name, OffsetBias(there.clone(), dimensions), self.transfers)
            self._far.append(made)
        else:
            made = self._named(name, dimensions, there.cpu().numpy().copy())
        self._made[id(bias)] = _Made(weakref.ref(bias), _mark(bias), made)

    def settle(self) -> None:
        """Wait for tables that are on their way, and name them."""
        if not self._far:
            return
        self.transfers.wait()
        for far in self._far:
            surface = far.host.numpy().copy()  # what is pinned is used again
            far.named = self._named(far.module, far.table.dimensions, surface)
            if far.table.surface.is_cuda:
                far.named[1].table.adopt(far.table)
        self._far.clear()

    def _named(self, module: str, dimensions: tuple[int, ...], surface: np.ndarray) -> NamedBias:
        """The position bias of the recording that this is."""
        key = self._key(f"{module}({' × '.join(map(str, dimensions))})", surface)
        known = self.recording.position_biases
        if key not in known:
            known[key] = PositionBias(module=module, dimensions=dimensions, surface=surface)
        return key, known[key]

    def _key(self, named: str, surface: np.ndarray) -> str:
        """The name itself, or the first of 'name, 2', 'name, 3' … that is not another surface's."""
        key, number, known = named, 1, self.recording.position_biases
        while key in known and known[key].surface.tobytes() != surface.tobytes():
            number += 1
            key = f"{named}, {number}"
        return key

    def of(self, bias: Bias | None, heads: int) -> tuple[NamedBias | Far | None, Bias | None]:
        """The position bias that this is, with its name in the recording; and it, as it is now.

        A tensor is 'h i n' or 'b h i n' then, and is not written to when the caller's is.
        """
        if bias is None:
            return None, None
        made = self._known(bias)
        source = source_of(bias)
        if made is None and source is not None:
            made = self._scaled(source, bias)
        if made is not None:
            return made, bias
        return None, self._kept(bias, heads)

    def _known(self, bias: Bias) -> NamedBias | Far | None:
        """What a module made, if this is still it."""
        made = self._made.get(id(bias))
        if made is None or made.bias() is not bias or made.mark != _mark(bias):
            return None
        return made.made

    def _scaled(self, source: Bias, bias: Bias) -> NamedBias | Far | None:
        """A bias that an intervention made of a module's is that module's, with other numbers."""
        made = self._known(source)
        if made is None:
            return None
        if isinstance(made, Far):
            name, dimensions = made.module, made.table.dimensions
        else:
            name, dimensions = made[1].module, made[1].dimensions
        self.see(name, None, dimensions, bias)
        return self._known(bias)

    def _kept(self, bias: Any, heads: int) -> Bias:
        if isinstance(bias, OffsetBias):
            return OffsetBias(bias.surface.detach().clone(), bias.dimensions)
        mark = _mark(bias)
        known = self._copies.get(id(bias))
        if known is None or known[0]() is not bias or known[1] != mark:
            known = weakref.ref(bias), mark, bias.detach().clone()  # once for all layers
            self._copies[id(bias)] = known
        copy = known[2]
        copy = copy[0] if copy.ndim == 4 and len(copy) == 1 else copy  # one for all items
        copy = copy[(None,) * (3 - copy.ndim)]
        return copy.expand(*copy.shape[:-3], heads, -1, -1) if copy.shape[-3] == 1 else copy


def is_far(table: torch.Tensor) -> bool:
    """Whether to look at a table is to wait for a GPU."""
    return table.is_cuda


def _mark(bias: Any) -> Any:
    """What changes when somebody writes to a bias."""
    tensor = bias.surface if isinstance(bias, OffsetBias) else bias
    if not tensor.is_inference():
        return tensor._version
    if isinstance(bias, OffsetBias) and tensor.is_cuda:
        # To look at it would be to wait, in every layer. Nobody writes into a table of ours; who
        # does is told by the check of the maps.
        return tensor.data_ptr()
    # Inference tensors count no writes: their sums are compared instead.
    each = tensor.sum(dtype=torch.float64), torch.linalg.vector_norm(tensor.double())
    sums = tuple(torch.stack(each).tolist())
    if all(map(math.isfinite, sums)):
        return sums
    return hashlib.blake2b(tensor.float().cpu().numpy().tobytes(), digest_size=16).digest()
