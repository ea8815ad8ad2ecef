"""What an intervention changes inside one attention call."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False, kw_only=True)
class Edits:
    """Changes of one call, which `Attention` makes where it computes; None changes nothing.

    scale: 'h', the products of queries and keys are multiplied by it before anything is added.
    cut: 'i j', or 'h i j' where heads differ, bool over all keys, null keys first: edges over which
    nothing is read. keeps_sums: whether what is left of a row is a distribution again, as with a
    mask; else its other weights stay what they were, and it sums to less than 1.
    """

    scale: torch.Tensor | None = None
    cut: torch.Tensor | None = None
    keeps_sums: bool = True

    def scaled(self, q: torch.Tensor) -> torch.Tensor:
        """Queries 'b h i d', times `scale`."""
        return q if self.scale is None else q * self.scale.to(q.dtype)[:, None, None]

    @property
    def hidden(self) -> torch.Tensor | None:
        """Edges that are hidden before the softmax: 'i j' or 'h i j' bool."""
        return self.cut if self.keeps_sums else None

    @property
    def removes(self) -> bool:
        """Whether weights are taken away after the softmax."""
        return self.cut is not None and not self.keeps_sums

    def taken_from(self, attn: torch.Tensor) -> torch.Tensor:
        """A map 'b h i j' without the weights that are taken away."""
        return attn.masked_fill(self.cut, 0) if self.cut is not None and self.removes else attn


NONE = Edits()
