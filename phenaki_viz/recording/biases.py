"""Position biases on their way from the module that makes them to the attention that adds them."""

import hashlib
import math
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from phenaki_viz.models.offsets import OffsetBias
from phenaki_viz.recording import duck
from phenaki_viz.recording.records import PositionBias, Recording

Bias = torch.Tensor | OffsetBias
Named = tuple[str, PositionBias]


@dataclass(frozen=True)
class _Made:
    """A bias as its module returned it. mark: see `_mark`."""

    bias: weakref.ref[Any]
    mark: Any
    name: str


class Biases:
    """Knows which module a bias came from, as long as it is what that module returned.

    A bias may be written to after its module returned it (padding is masked in it, it is scaled);
    then it is no longer that module's, and what attention was given is what is kept.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._made: dict[int, _Made] = {}
        self._copies: dict[int, tuple[weakref.ref[Any], Any, torch.Tensor]] = {}

    def see(self, name: str, module: nn.Module, dims: Any, bias: Bias) -> None:
        """A position bias module returned `bias` for a grid of `dims`."""
        dimensions = tuple(int(d) for d in dims)
        surface = duck.surface_of(bias, dimensions).detach().float().cpu().numpy().copy()
        key = self._key(f"{name}({' × '.join(map(str, dimensions))})", surface)
        if key not in self.recording.position_biases:
            self.recording.position_biases[key] = PositionBias(
                module=name, dimensions=dimensions, surface=surface
            )
        self._made[id(bias)] = _Made(weakref.ref(bias), _mark(bias), key)

    def _key(self, named: str, surface: np.ndarray) -> str:
        """The name itself, or the first of 'name, 2', 'name, 3' … that is not another surface's."""
        key, number, known = named, 1, self.recording.position_biases
        while key in known and known[key].surface.tobytes() != surface.tobytes():
            number += 1
            key = f"{named}, {number}"
        return key

    def of(self, bias: Bias | None, heads: int) -> tuple[Named | None, Bias | None]:
        """The position bias that this is, by its name in the recording; and it, as it is now.

        A tensor is 'h i n' or 'b h i n' then, and is not written to when the caller's is.
        """
        if bias is None:
            return None, None
        made = self._made.get(id(bias))
        if made is not None and made.bias() is bias and made.mark == _mark(bias):
            return (made.name, self.recording.position_biases[made.name]), bias
        return None, self._kept(bias, heads)

    def _kept(self, bias: Any, heads: int) -> Bias:
        if isinstance(bias, OffsetBias):
            return OffsetBias(bias.surface.detach().clone(), bias.dimensions)
        mark = _mark(bias)
        known = self._copies.get(id(bias))
        if known is None or known[0]() is not bias or known[1] != mark:
            known = weakref.ref(bias), mark, bias.detach().clone()  # once for all layers
            self._copies[id(bias)] = known
        copy = known[2]
        copy = copy[(None,) * (3 - copy.ndim)]
        return copy.expand(*copy.shape[:-3], heads, -1, -1) if copy.shape[-3] == 1 else copy


def _mark(bias: Any) -> Any:
    """What changes when somebody writes to a bias."""
    tensor = bias.surface if isinstance(bias, OffsetBias) else bias
    if not tensor.is_inference():
        return tensor._version
    # Inference tensors count no writes: their sums are compared instead.
    sums = float(tensor.sum(dtype=torch.float64)), float(torch.linalg.vector_norm(tensor.double()))
    if all(map(math.isfinite, sums)):
        return sums
    return hashlib.blake2b(tensor.float().cpu().numpy().tobytes(), digest_size=16).digest()
