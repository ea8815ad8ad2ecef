"""From vectors to codes: the three quantisers of vector-quantize-pytorch behind one face."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from vector_quantize_pytorch import FSQ, LFQ, VectorQuantize

from phenaki_viz.errors import ConfigError

Kind = Literal["lfq", "vq", "fsq"]
MOST_TABLE = 2**25  # numbers of a codebook that is computed, not learned: 128 MiB


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
            _check_table(codebook_size, codebook_size.bit_length() - 1)
            return LFQ(dim=dim, codebook_size=codebook_size, **lfq)
        if min(levels, default=0) < 3 or math.prod(levels) != codebook_size:
            raise ConfigError(
                f"FSQ levels {tuple(levels)} make {math.prod(levels)} codes; the codebook has "
                f"{codebook_size}. Use levels of at least 3 whose product is the codebook size"
            )
        _check_table(codebook_size, len(levels))
        # FSQ reads its own table while it is made; on the meta device there is nothing to read.
        with torch.device("cpu") if _on_meta() else nullcontext():
            return FSQ(list(levels), dim=dim)

    def __call__(
        self, module: nn.Module, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tokens 'b n d' → the same on the codebook, codes 'b n' int64, auxiliary loss ''."""
        if self.kind == "fsq":
            quantised, codes = module(tokens)
            return quantised, codes.long(), tokens.new_zeros(())
        quantised, codes, loss = module(tokens)
        return quantised, codes.long(), loss.sum()

    def vectors(self, module: Any, codes: torch.Tensor) -> torch.Tensor:
        """The vectors 'b n d' of codes 'b n'."""
        return module.codebook[codes] if self.kind == "vq" else module.indices_to_codes(codes)


def _check_table(codes: int, numbers: int) -> None:
    """No weights say how large such a codebook is, so a small file could ask for any."""
    if codes * numbers > MOST_TABLE:
        raise ConfigError(
            f"a codebook of {codes:,} codes with {numbers} numbers each is computed when the model "
            f"is built; at most {MOST_TABLE:,} numbers are"
        )


def _on_meta() -> bool:
    return torch.empty(0).device.type == "meta"
