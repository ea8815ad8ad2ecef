"""Position biases added to the scores: ALiBi for causal attention, a small network for grids."""

import itertools
import math
from typing import Any

import torch
from einops import rearrange
from torch import nn

from phenaki_viz import alignment
from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.numerics.offsets import OffsetBias


def alibi_slopes(heads: int) -> list[float]:
    """Slope of each head; for a number that is no power of two they are not in order.

    Raises ConfigError below 1 head.
    Source: Press et al. 2022, Train Short, Test Long, and its published code.
    """
    if heads < 1:
        raise ConfigError(f"ALiBi has a slope for each head; got {heads} heads, use at least 1")
    closest = 2 ** math.floor(math.log2(heads))
    return _geometric(closest) + _geometric(2 * closest)[0::2][: heads - closest]


def _geometric(heads: int) -> list[float]:
    start = 2 ** (-8 / heads)
    return [start**power for power in range(1, heads + 1)]


class AlibiPositionalBias(nn.Module):
    """−slope · |query − key|, with the queries at the end of the keys.

    Computed for the lengths at hand, every time: the published class serves a cached square and is
    wrong for queries ≠ keys. Source: phenaki-pytorch 0.5.0, AlibiPositionalBias.
    """

    slopes: torch.Tensor

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads
        slopes = torch.tensor(alibi_slopes(heads))
        self.register_buffer("slopes", rearrange(slopes, "h -> h 1 1"), persistent=False)

    def bias(self, i: int, j: int, rows: tuple[int, int] | None = None) -> torch.Tensor:
        """'h i j' for the last i of j positions as queries, or for some rows of that."""
        first, last = rows or (0, i)
        query = torch.arange(first, last, device=self.slopes.device)
        key = torch.arange(j, device=self.slopes.device)
        return alignment.alibi(self.slopes, alignment.distance(query, key, i, j))

    def forward(self, sim: torch.Tensor, rows: tuple[int, int] | None = None) -> torch.Tensor:
        """The bias 'h i j' for scores 'b h i j', of which only the shape is read.

        rows: queries first to last, excluded, instead of all: 'h r j'.
        Raises ShapeError when the scores have another number of heads.
        """
        heads, i, j = sim.shape[-3:]
        if heads != self.heads:
            raise ShapeError(f"ALiBi has slopes for {self.heads} heads; the scores have {heads}")
        return self.bias(i, j, rows)


class ContinuousPositionBias(nn.Module):
    """A small network from the offset between two tokens to a bias per head.

    The network sees each distinct offset once, (2d−1) along an axis of length d, and every pair
    of tokens reads its offset: the same numbers as the published evaluation on all n² pairs.
    Nothing is kept between calls.
    Source: Liu et al. 2022, Swin Transformer V2 (arXiv 2111.09883), section 3.3; phenaki-pytorch
    0.5.0, ContinuousPositionBias.
    """

    def __init__(
        self,
        *,
        dim: int,
        heads: int,
        num_dims: int = 2,
        layers: int = 2,
        log_dist: bool = True,
        cache_rel_pos: bool = False,  # accepted as published; distinct offsets need no cache
    ) -> None:
        super().__init__()
        sizes = {"dim": dim, "heads": heads, "num_dims": num_dims, "layers": layers}
        for name, size in sizes.items():
            if size < 1:
                raise ConfigError(f"a position bias with {name} {size}: use at least 1")
        self.num_dims = num_dims
        self.log_dist = log_dist
        widths = [num_dims] + [dim] * layers
        hidden = (
            nn.Sequential(nn.Linear(before, after), nn.LeakyReLU(0.1))
            for before, after in itertools.pairwise(widths)
        )
        self.net = nn.ModuleList([*hidden, nn.Linear(dim, heads)])

    def surface(self, *dimensions: int) -> torch.Tensor:
        """The bias over every distinct offset: 'h (2d-1)…', an axis for each dimension.

        The value for query − key = o along an axis of length d stands at o + d − 1.
        Raises ShapeError for a wrong number of dimensions, or an empty one.
        """
        if len(dimensions) != self.num_dims or min(dimensions) < 1:
            lengths = " × ".join(map(str, dimensions)) or "none"
            raise ShapeError(
                f"this position bias is over a grid of {self.num_dims} axes; got {lengths}: "
                f"give {self.num_dims} lengths of at least 1"
            )
        bias = self._offsets(dimensions)
        for layer in self.net:
            bias = layer(bias)
        return rearrange(bias, "... h -> h ...")

    def forward(
        self, *dimensions: int, device: Any = None, dense: bool = True
    ) -> torch.Tensor | OffsetBias:
        """The bias between all pairs of tokens, 'h i j'; i and j run over the grid `dimensions`.

        device: accepted as published; the bias is made where the weights are. dense: False gives
        the table of offsets instead, which `Attention` reads as far as it needs.
        """
        bias = OffsetBias(self.surface(*dimensions), dimensions)
        return bias.dense() if dense else bias

    def _offsets(self, dimensions: tuple[int, ...]) -> torch.Tensor:
        """Query − key along each axis, log-spaced if the network learned it so: '… axes'."""
        weight = next(self.parameters())
        # Half precision would round the logarithms: they are float32 at least, as published.
        dtype = torch.promote_types(weight.dtype, torch.float32)
        axes = [torch.arange(1 - d, d, device=weight.device, dtype=dtype) for d in dimensions]
        if self.log_dist:
            axes = [axis.sign() * (axis.abs() + 1).log() for axis in axes]
        return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).to(weight.dtype)
