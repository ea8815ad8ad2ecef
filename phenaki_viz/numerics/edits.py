"""What an intervention changes inside one attention call."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False, kw_only=True)
class PutIn:
    """Maps of another run. maps: 'b h i j' of these heads, of 1 or of all batch items.

    heads: of the module, in the order of the maps. items: 'b' bool, batch items that are given
    them; the others keep their own.
    """

    maps: torch.Tensor
    heads: tuple[int, ...]
    items: torch.Tensor

    def into(self, attn: torch.Tensor) -> torch.Tensor:
        """The map 'b h i j' that is used instead of `attn`."""
        given, put = attn.clone(), self.maps.to(attn)
        at = self.items.nonzero()[:, 0].to(attn.device)
        some = put.expand(len(self.items), -1, -1, -1)[at]
        given[at[:, None], torch.tensor(self.heads, device=attn.device)] = some
        return given


@dataclass(frozen=True, eq=False, kw_only=True)
class Edits:
    """Changes of one call, which `Attention` makes where it computes; None changes nothing.

    scale: 'h', the products of queries and keys are multiplied by it before anything is added.
    cut: 'i j', or 'h i j' where heads differ, bool over all keys, null keys first: edges over which
    nothing is read. keeps_sums: whether what is left of a row is a distribution again, as with a
    mask; else its other weights stay what they were, and it sums to less than 1. put_in: maps that
    are used instead of those that queries and keys make.
    """

    scale: torch.Tensor | None = None
    cut: torch.Tensor | None = None
    keeps_sums: bool = True
    put_in: PutIn | None = None

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

    @property
    def needs_map(self) -> bool:
        """Whether the map itself is changed, so that there has to be one."""
        return self.removes or self.put_in is not None

    def used(self, attn: torch.Tensor) -> torch.Tensor:
        """What is used of a map 'b h i j': without weights that are taken away, others put in."""
        if self.cut is not None and self.removes:
            attn = attn.masked_fill(self.cut, 0)
        return attn if self.put_in is None else self.put_in.into(attn)


NONE = Edits()
