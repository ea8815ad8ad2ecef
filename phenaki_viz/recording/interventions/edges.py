"""Which edges of a call are cut: from kinds of keys to a mask over queries and keys."""

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from phenaki_viz.alignment import is_later, with_nulls
from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.families.phenaki import AttentionModule, null_keys, stack_and_layer
from phenaki_viz.recording.interventions.kinds import CutEdges
from phenaki_viz.recording.places import infer_places

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
    """Edges that are cut in a call: 'i j' bool, null keys first; None where these cuts reach none.

    Raises RecordingError where the map is too large, or nobody said how its tokens lie.
    """
    nulls, i = null_keys(module), x.shape[1]
    j = nulls + (x if context is None else context).shape[1]
    if i * j > MOST_CELLS:
        raise RecordingError(
            f"{name}: edges of {i:,} queries and {j:,} keys are too many to cut; up to "
            f"{MOST_CELLS:,} fit: use a shorter clip"
        )
    cut = torch.zeros((i, j), dtype=torch.bool)
    for one in cuts:
        if one.reads == "null keys":
            cut[:, :nulls] = True
        elif one.reads == "words":
            cut[:, nulls:] |= context is not None
        elif context is None:
            cut[:, nulls:] |= _between(one, _steps(name, module, x, attn_bias, video_shape))
    return cut.to(x.device) if cut.any() else None


def _steps(
    name: str,
    module: AttentionModule,
    x: torch.Tensor,
    attn_bias: object,
    video_shape: Sequence[int] | None,
) -> torch.Tensor:
    """The time step of every token of a batch item: 'n' int."""
    dimensions = attn_bias.dimensions if isinstance(attn_bias, OffsetBias) else None
    stack, _ = stack_and_layer(name)
    causal = bool(getattr(module, "causal", False))
    batch, tokens, _ = x.shape
    places = infer_places(
        batch, tokens, video_shape, causal=causal, bias_dimensions=dimensions, stack=stack
    )
    if places.batch_counts == "sequence":
        raise RecordingError(
            f"{name}: edges cannot be cut by time step: nobody says how its {tokens} tokens lie in "
            "a video"
        )
    return torch.from_numpy(places.coordinates(0)[0].copy())


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
    i, j = cut.shape
    seen = torch.ones_like(cut)
    if getattr(module, "causal", False):
        query, key = (torch.arange(size, device=cut.device) for size in (i, j))
        seen = ~is_later(query, key, i, j)
    masks = [None] if mask is None else with_nulls(mask, j - mask.shape[1]).unique(dim=0)
    for let in masks:
        before = seen if let is None else seen & let
        left = (before & ~cut).any(dim=1)
        if (before.any(dim=1) & ~left).any():
            lost = int((before.any(dim=1) & ~left).sum())
            raise RecordingError(
                f"{name}: {lost} of {i} queries would be left with no key to read: cut other "
                "edges, or name a part of the model in which something is left"
            )
