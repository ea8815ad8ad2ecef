"""In which number formats attention is computed, and how a map can be made in the same ones."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache, cached_property

import torch

HALF = (torch.float16, torch.bfloat16)


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """What autocast turns matrix products into on this device; None when it is off."""
    kind = device.type
    if _has_autocast(kind) and torch.is_autocast_enabled(kind):
        return torch.get_autocast_dtype(kind)
    return None


_has_autocast = cache(torch.amp.is_autocast_available)  # asked several times in every layer


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Products in the very formats of their factors, whoever has autocast on."""
    if autocast_dtype(device) is None:
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


def working(*dtypes: torch.dtype) -> torch.dtype:
    """What numbers of these formats are multiplied and summed in: float32, or float64."""
    return torch.float64 if torch.float64 in dtypes else torch.float32


def rounded(numbers: torch.Tensor, to: torch.dtype) -> torch.Tensor:
    """The numbers as a half-precision format holds them, in their own; others stay as they are."""
    return numbers.copy_(numbers.to(to)) if to in HALF else numbers


@dataclass(frozen=True)
class Precision:
    """Where a model rounds on the way from queries and keys to weights; float32 rounds nothing.

    products: q·k. added: biases, before they are added. scores: after that. weights: the softmax.
    """

    products: torch.dtype = torch.float32
    added: torch.dtype = torch.float32
    scores: torch.dtype = torch.float32
    weights: torch.dtype = torch.float32

    @staticmethod
    @cache
    def fused(dtype: torch.dtype) -> "Precision":
        """Fused attention of these queries and keys: its kernels sum and exponentiate wider."""
        wide = working(dtype)
        return Precision(products=wide, added=dtype, scores=wide, weights=wide)

    @cached_property
    def coarsest(self) -> torch.dtype:
        """The format that rounds most."""
        steps = (self.products, self.added, self.scores, self.weights)
        return max(steps, key=lambda dtype: torch.finfo(dtype).eps)


EXACT = Precision()
