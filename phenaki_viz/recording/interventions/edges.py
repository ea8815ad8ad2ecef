"""Which edges of a call are cut: from kinds of keys to a mask over queries and keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn

from phenaki_viz.alignment import is_later, with_nulls
from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.families.phenaki import AttentionModule, null_keys, stack_and_layer
from phenaki_viz.recording.interventions.kinds import CutEdges
from phenaki_viz.recording.places import Places, infer_places
from phenaki_viz.recording.visibility import HOST

MOST_CELLS = 2**26  # of a mask over queries and keys: 64 MiB


def cut_mask(
    name: str,
    module: AttentionModule,
    cuts: Iterable[CutEdges],
    x: torch.Tensor,
    context: torch.Tensor | None,
    attn_bias: object,
    video_shape: Sequence[int] | None,
) -> torch.Tensor | None:
    """Edges that are cut in a call: 'i j' bool, null keys first; 'h i j' where heads differ.

    None where these cuts reach none. Raises RecordingError where the map is too large, or nobody
    said how its tokens lie.
    """
    given = tuple(cuts)
    nulls, i = null_keys(module), x.shape[1]
    j = nulls + (x if context is None else context).shape[1]
    differ = any(one.head is not None for one in given)
    if i * j * (module.heads if differ else 1) > MOST_CELLS:
        raise RecordingError(
            f"{name}: edges of {i:,} queries and {j:,} keys are too many to cut; up to "
            f"{MOST_CELLS:,} fit: use a shorter clip"
        )
    cut = torch.zeros((module.heads if differ else 1, i, j), dtype=torch.bool, device=HOST)
    places = _Where(name, module, x, attn_bias, video_shape)
    for one in given:
        heads = slice(None) if one.head is None else slice(one.head, one.head + 1)
        cut[heads] |= _edges(one, places, nulls, (i, j), is_cross=context is not None)
    return (cut if differ else cut[0]).to(x.device) if cut.any() else None


@dataclass(frozen=True, eq=False)
class _Where:
    """Where the tokens of a call lie; asked only by cuts that need to know."""

    name: str
    module: AttentionModule
    x: torch.Tensor
    attn_bias: object
    video_shape: Sequence[int] | None

    @cached_property
    def places(self) -> Places:
        """Of the batch items. Raises RecordingError where nobody says."""
        bias = self.attn_bias
        dimensions = bias.dimensions if isinstance(bias, OffsetBias) else None
        stack, _ = stack_and_layer(self.name)
        causal = bool(getattr(self.module, "causal", False))
        batch, tokens, _ = self.x.shape
        found = infer_places(
            batch, tokens, self.video_shape, causal=causal, bias_dimensions=dimensions, stack=stack
        )
        if found.batch_counts == "sequence":
            raise RecordingError(
                f"{self.name}: edges cannot be cut by time step: nobody says how its {tokens} "
                "tokens lie in a video"
            )
        return found

    @property
    def steps(self) -> torch.Tensor:
        """The time step of every token of a batch item: 'n' int."""
        return torch.from_numpy(self.places.coordinates(0)[0].copy())

    def chosen(self, one: CutEdges) -> torch.Tensor | None:
        """Queries that a cut is of: 'n' bool, or None for all. Raises RecordingError."""
        if one.step is None and one.patch is None:
            return None
        return self.at(one.step, one.patch, f"queries cannot be told apart by {one.queries}")

    def at(self, step: int | None, patch: tuple[int, int] | None, why: str) -> torch.Tensor:
        """Tokens of this time step, at this (row, column): 'n' bool. Raises RecordingError."""
        t, row, column = (torch.from_numpy(at.copy()) for at in self.places.coordinates(0))
        counts = self.places.batch_counts
        if (step is not None and counts == "frame") or (patch and counts == "patch"):
            raise RecordingError(
                f"{self.name}: its calls hold one {counts} each, so {why}: name a module that sees "
                "the whole video"
            )
        chosen = torch.ones_like(t, dtype=torch.bool)
        if step is not None:
            chosen &= t == step
        if patch is not None:
            chosen &= (row == patch[0]) & (column == patch[1])
        return chosen


def _edges(
    one: CutEdges, places: _Where, nulls: int, shape: tuple[int, int], *, is_cross: bool
) -> torch.Tensor:
    """The edges of one cut: 'i j' bool."""
    cut = torch.zeros(shape, dtype=torch.bool, device=HOST)
    if one.reads == "null keys":
        cut[:, :nulls] = True
    elif one.reads == "words":
        cut[:, nulls:] = is_cross
    elif one.reads == "one word":
        at = nulls + (one.word or 0)
        cut[:, at : at + 1] = is_cross
    elif one.reads == "one patch":
        if not is_cross:
            why = f"keys cannot be told apart by {one.keys}"
            cut[:, nulls:] = places.at(one.key_step, one.key_patch, why)
    elif not is_cross:
        cut[:, nulls:] = _between(one, places.steps)
    chosen = places.chosen(one) if cut.any() else None
    return cut if chosen is None else cut & chosen[:, None]


def _between(cut: CutEdges, steps: torch.Tensor) -> torch.Tensor:
    """Which pairs of tokens a cut is of, by their steps: 'n n' bool."""
    query, key = steps[:, None], steps[None]
    return {
        "own step": query == key,
        "other steps": query != key,
        "earlier steps": key < query,
        "later steps": key > query,
    }[cut.reads]


def check_left(name: str, module: nn.Module, cut: torch.Tensor, mask: torch.Tensor | None) -> None:
    """Raise RecordingError where a query that could read something would be left with nothing."""
    *_, i, j = cut.shape
    seen = torch.ones((i, j), dtype=torch.bool, device=cut.device)
    if getattr(module, "causal", False):
        query, key = (torch.arange(size, device=cut.device) for size in (i, j))
        seen = ~is_later(query, key, i, j)
    masks = [None] if mask is None else with_nulls(mask, j - mask.shape[1]).unique(dim=0)
    for let in masks:
        before = seen if let is None else seen & let
        left = (before & ~cut).any(dim=-1)
        lost = int((before.any(dim=1) & ~left).reshape(-1, i).any(dim=0).sum())
        if lost:
            raise RecordingError(
                f"{name}: {lost} of {i} queries would be left with no key to read: cut other "
                "edges, or name a part of the model in which something is left"
            )
