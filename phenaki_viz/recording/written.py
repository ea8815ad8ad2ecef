"""How much an attention module writes: from each key, by each head, and as a whole.

    written(i, j) = weight(i, j) · v_j W_O^(head)
    ‖written(i, j)‖ = weight(i, j) · ‖v_j W_O^(head)‖

A head's write at a query is the sum of that over its keys; the heads' writes sum to the module's
output. Of these vectors only the norms are kept: one number a key, a query, a head.
Source: Kobayashi et al. 2020, Attention is Not Only a Weight, section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from torch import nn

from phenaki_viz.numerics.precision import without_autocast, working
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.transfers import Transfers

AT_ONCE = 2**22  # numbers of vectors that are multiplied out at a time


@dataclass(frozen=True, eq=False, kw_only=True)
class Written:
    """Norms of what one call wrote, float32, of what was recorded.

    values: 'b h j', ‖v_j W_O^(head)‖ of every key, null keys first. heads: 'b h i', of what each
    head wrote at every query. whole: 'b i', of what the module returned.
    """

    values: np.ndarray
    heads: np.ndarray
    whole: np.ndarray


@dataclass
class Writing:
    """What one call writes, of all items and heads, while it runs and where the model runs.

    A head that is switched off is told with what it would have written; `whole` is without it.
    """

    gram: torch.Tensor
    heads: torch.Tensor
    whole: torch.Tensor | None = None

    @classmethod
    def of_mixed(cls, module: AttentionModule, mixed: torch.Tensor) -> "Writing | None":
        """Take what `to_out` is given, 'b i (h d)'; None where nobody can tell who writes what."""
        weight = projection_of(module)
        if weight is None:
            return None
        by_head = rearrange(mixed.detach(), "b i (h d) -> b h i d", h=module.heads)
        gram = gram_of(weight, module.heads)
        return cls(gram, norms(by_head, gram))

    def see_output(self, output: torch.Tensor) -> None:
        """Take what the module returned, 'b i dim' or with its tokens in a grid."""
        self.whole = torch.linalg.vector_norm(output.detach().float(), dim=-1).flatten(1)

    def settled(
        self,
        values: torch.Tensor,
        items: Sequence[int],
        heads: Sequence[int],
        transfers: Transfers,
    ) -> Written | None:
        """What is kept of the chosen items and heads; None where it cannot be told.

        values: 'b h j d', null ones first. What lies on a GPU has arrived after `transfers.wait`.
        """
        b, _, i = self.heads.shape
        if self.whole is None or self.whole.shape != (b, i):  # put together of windows
            return None

        def kept(tensor: torch.Tensor) -> np.ndarray:
            some = tensor[list(items)]
            some = some if some.ndim < 3 else some[:, list(heads)]
            return transfers.to_host(some.float()).numpy()

        return Written(
            values=kept(norms(values.detach(), self.gram)),
            heads=kept(self.heads),
            whole=kept(self.whole),
        )


def projection_of(module: AttentionModule) -> torch.Tensor | None:
    """W_O, 'dim (h d)', of an output projection that is a plain linear map; None of any other."""
    to_out = module.to_out
    if not isinstance(to_out, nn.Linear) or type(to_out).forward is not nn.Linear.forward:
        return None  # adapted or quantised: its weight alone does not say what it does
    weight = to_out.weight
    plain = weight.ndim == 2 and weight.is_floating_point() and not weight.is_meta
    return weight.detach() if plain and weight.shape[1] % module.heads == 0 else None


def gram_of(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """W_O W_Oᵀ of each head's part of a projection 'dim (h d)': 'h d d' float32 or float64."""
    with without_autocast(weight.device):
        parts = rearrange(weight.to(working(weight.dtype)), "dim (h d) -> h d dim", h=heads)
        return parts @ parts.mT


def norms(vectors: torch.Tensor, gram: torch.Tensor) -> torch.Tensor:
    """‖x W_O^(head)‖ of vectors 'b h n d': 'b h n'. gram: of `gram_of`.

    By the Gram matrix it takes d / dim of what the projection itself does.
    """
    heads = vectors.shape[1]
    step = max(1, min(heads, AT_ONCE // max(1, vectors[:, 0].numel())))
    squares = []
    with without_autocast(vectors.device):
        for at in range(0, heads, step):
            some = vectors[:, at : at + step].to(gram.dtype)
            squares.append((some @ gram[at : at + step]).mul_(some).sum(dim=-1))
    return torch.cat(squares, dim=1).clamp_(min=0).sqrt_()
