"""From vectors to codes: the three quantisers of vector-quantize-pytorch behind one face."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from einops import einsum
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

    codebook_dim: of vq, the width of a code; None when it is as wide as a token. A narrower one is
    factorised: tokens are projected to it and back (Yu et al. 2021, arXiv 2110.04627).
    by_angle: of vq, codes are found by the angle alone, whatever the length of their vectors. The
    library did so before 1.5, when it did not keep them at length 1; now it takes length 1 for
    granted, and would find other codes for the codebooks of that time. Not for training.
    """

    kind: Kind
    codebook_dim: int | None = None
    by_angle: bool = False

    def build(
        self, dim: int, codebook_size: int, levels: Sequence[int], lfq: dict[str, Any]
    ) -> nn.Module:
        """The library's module. Raises ConfigError when the codebook cannot be had."""
        if self.kind != "vq" and (self.codebook_dim or self.by_angle):
            raise ConfigError(
                f"codebook_dim {self.codebook_dim} is of a learned codebook; {self.kind} has none"
            )
        if self.kind == "vq":
            return VectorQuantize(
                dim=dim,
                codebook_size=codebook_size,
                codebook_dim=self.codebook_dim,
                use_cosine_sim=True,
            )
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
        self, module: Any, tokens: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tokens 'b n d' → the same on the codebook, codes 'b n' int64, auxiliary loss ''.

        Codes are always of the codebook; those of tokens that are NaN mean nothing.
        """
        if self.kind == "fsq":
            quantised, codes = module(tokens)
            return quantised, self._of_codebook(module, codes), tokens.new_zeros(())
        if self.by_angle:
            codes = _nearest_by_angle(module.project_in(tokens), module.codebook)
            return self.vectors(module, codes), codes, tokens.new_zeros(())
        quantised, codes, loss = module(tokens)
        return quantised, self._of_codebook(module, codes), loss.sum()

    def _of_codebook(self, module: Any, codes: torch.Tensor) -> torch.Tensor:
        return codes.long().clamp(0, module.codebook_size - 1)

    def vectors(self, module: Any, codes: torch.Tensor) -> torch.Tensor:
        """The vectors 'b n d' of codes 'b n', as wide as the model."""
        if self.kind == "vq":
            return module.get_output_from_indices(codes)
        return module.indices_to_codes(codes)


def _nearest_by_angle(tokens: torch.Tensor, codebook: torch.Tensor) -> torch.Tensor:
    """Codes 'b n' whose vectors 'c d' have the smallest angle to tokens 'b n d'."""
    tokens, codebook = (F.normalize(vectors, dim=-1) for vectors in (tokens, codebook))
    return einsum(tokens, codebook, "b n d, c d -> b n c").argmax(dim=-1)


def _check_table(codes: int, numbers: int) -> None:
    """No weights say how large such a codebook is, so a small file could ask for any."""
    if codes * numbers > MOST_TABLE:
        raise ConfigError(
            f"a codebook of {codes:,} codes with {numbers} numbers each is computed when the model "
            f"is built; at most {MOST_TABLE:,} numbers are"
        )


def _on_meta() -> bool:
    return torch.empty(0).device.type == "meta"
