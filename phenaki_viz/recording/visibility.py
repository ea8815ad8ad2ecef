"""Who may see whom in one attention call: causal mask, key mask, cut edges, and null keys."""

from dataclasses import dataclass
from functools import cached_property

import torch

from phenaki_viz.alignment import beside, is_later, with_nulls

HOST = torch.device("cpu")
Some = slice | torch.Tensor  # of the queries or keys: a run, every so many, or chosen ones


@dataclass(frozen=True, eq=False, kw_only=True)
class Visibility:
    """The masks of one call: alike for all its heads, but for edges that are cut in some.

    queries, keys: how many there are; the keys count `nulls` null keys first. causal: a query sees
    no key that comes after it. key_mask: 'b n' bool over the real keys, False is hidden, or None.
    A null key is hidden by no key mask. cut: 'i j' or 'h i j' bool, edges that an intervention cut,
    or None. device: where answers are, and the masks.

    Where no head is named, an edge is hidden that every head has hidden.
    """

    queries: int
    keys: int
    nulls: int = 0
    causal: bool = False
    key_mask: torch.Tensor | None = None
    cut: torch.Tensor | None = None
    device: torch.device = HOST

    @property
    def hides(self) -> bool:
        """Whether there is a mask at all."""
        return self.causal or self.key_mask is not None or self.cut is not None

    def later(self, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        """Which keys causality hides, of chosen ones: 'q k' bool."""
        if self.causal:
            return is_later(queries, keys, self.queries, self.keys)
        return torch.zeros((len(queries), len(keys)), dtype=torch.bool, device=self.device)

    def padding(self, b: int, keys: torch.Tensor) -> torch.Tensor:
        """Which of chosen keys the key mask hides in a batch item: 'k' bool."""
        if self._let_through is None:
            return torch.zeros(len(keys), dtype=torch.bool, device=self.device)
        return ~self._let_through[b, keys]

    def hidden(
        self, b: int, queries: torch.Tensor, keys: torch.Tensor, head: int | None = None
    ) -> torch.Tensor:
        """Which keys any mask hides, in a batch item: 'q k' bool."""
        hidden = self.later(queries, keys)
        if self.cut is not None:
            hidden = hidden | self._cut_between(queries, keys, head)
        return hidden if self.key_mask is None else hidden | self.padding(b, keys)

    def hide(
        self,
        scores: torch.Tensor,
        b: int,
        queries: torch.Tensor,
        keys: torch.Tensor,
        heads: slice,
    ) -> torch.Tensor:
        """Set scores 'h q k' of some heads to −inf, in place, where a mask hides the key."""
        if self.causal:
            scores.masked_fill_(self.later(queries, keys), -torch.inf)
        if self.key_mask is not None:
            scores.masked_fill_(self.padding(b, keys), -torch.inf)
        if self.cut is not None:
            scores.masked_fill_(self._cut_between(queries, keys, heads), -torch.inf)
        return scores

    def counts(self, b: int, head: int | None = None) -> torch.Tensor:
        """How many keys each query of a batch item may see, null keys too: 'i' int."""
        if self.cut is not None:
            query, key = (torch.arange(n, device=self.device) for n in (self.queries, self.keys))
            return (~self.hidden(b, query, key, head)).sum(dim=1)
        seen = self._seen(b).cumsum(0)
        if not self.causal:
            return seen[-1:].expand(self.queries)
        query = torch.arange(self.queries, device=self.device)
        last = beside(query, self.queries, self.keys)
        return torch.where(last < 0, 0, seen[last.clamp(min=0)])

    def _cut_between(
        self, queries: torch.Tensor, keys: torch.Tensor, heads: int | slice | None
    ) -> torch.Tensor:
        """Which edges are cut, of chosen ones: 'q k' bool, 'h q k' of a slice where heads differ.

        heads: None asks for what is cut in all of them.
        """
        assert self.cut is not None
        cut = self.cut[..., queries[:, None], keys[None]]
        if cut.ndim == 2:
            return cut
        return cut.all(dim=0) if heads is None else cut[heads]

    def _seen(self, b: int) -> torch.Tensor:
        """Keys that the key mask lets through in a batch item: 'j' bool."""
        if self._let_through is not None:
            return self._let_through[b]
        return torch.ones(self.keys, dtype=torch.bool, device=self.device)

    @cached_property
    def _let_through(self) -> torch.Tensor | None:
        return None if self.key_mask is None else with_nulls(self.key_mask, self.nulls)
