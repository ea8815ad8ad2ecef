"""From vectors to codes: the three quantisers of vector-quantize-pytorch behind one face."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from vector_quantize_pytorch import FSQ, LFQ, VectorQuantize

from phenaki_viz.errors import ConfigError

Kind = Literal["lfq", "vq", "fsq"]


@dataclass(frozen=True)
class Quantiser:
    """How one of the library's quantisers is built, called and read backwards.

    lfq: lookup-free (Yu et al. 2023, arXiv 2310.05737). vq: a learned codebook, by cosine
    similarity (van den Oord et al. 2017). fsq: finite scalar (Mentzer et al. 2023,
    arXiv 2309.15505). The first two as phenaki-pytorch 0.5.0 sets them.
    """

    kind: Kind

    def build(
        self, dim: int, codebook_size: int, levels: Sequence[int], lfq: dict[str, Any]
    ) -> nn.Module:
        """The library's module. Raises ConfigError when the codebook cannot be had."""
        if self.kind == "vq":
            return VectorQuantize(dim=dim, codebook_size=codebook_size, use_cosine_sim=True)
        if self.kind == "lfq":
            if codebook_size < 2 or codebook_size & (codebook_size - 1):
                raise ConfigError(
                    f"lookup-free quantisation needs a codebook of a power of two, "
                    f"got {codebook_size}"
                )
            return LFQ(dim=dim, codebook_size=codebook_size, **lfq)
        if min(levels, default=0) < 3 or math.prod(levels) != codebook_size:
            raise ConfigError(
                f"FSQ levels {tuple(levels)} make {math.prod(levels)} codes; the codebook has "
                f"{codebook_size}. Use levels of at least 3 whose product is the codebook size"
            )
        return FSQ(list(levels), dim=dim)

    def __call__(
        self, module: Any, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tokens 'b n d' → the same on the codebook, codes 'b n' int64, auxiliary loss ''.

        Codes are always of the codebook; those of tokens that are NaN mean nothing.
        """
        if self.kind == "fsq":
            quantised, codes = module(tokens)
            loss = tokens.new_zeros(())
        else:
            quantised, codes, loss = module(tokens)
        return quantised, codes.long().clamp(0, module.codebook_size - 1), loss.sum()

    def vectors(self, module: Any, codes: torch.Tensor) -> torch.Tensor:
        """The vectors 'b n d' of codes 'b n'."""
        return module.codebook[codes] if self.kind == "vq" else module.indices_to_codes(codes)
