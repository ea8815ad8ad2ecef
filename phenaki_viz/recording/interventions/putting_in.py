"""Which maps of another run a call is given: they fit it, or it is refused in words."""

from collections.abc import Sequence

import torch
from einops import rearrange, repeat

from phenaki_viz.alignment import is_later, with_nulls
from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.edits import PutIn
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.interventions.kept_maps import kept_map
from phenaki_viz.recording.interventions.transfer_map import TransferMap
from phenaki_viz.recording.visibility import HOST

LEAST = 1e-4  # of a row's weight, on keys that are hidden, is refused


def heads_put_in(module: AttentionModule, given: Sequence[TransferMap]) -> tuple[int, ...]:
    """Whose maps are of another run."""
    heads = [range(module.heads) if one.head is None else (one.head,) for one in given]
    return tuple(head for each in heads for head in each)


def put_in(
    name: str,
    module: AttentionModule,
    given: Sequence[TransferMap],
    mask: torch.Tensor | None,
    shape: tuple[int, int, int, int],
) -> PutIn:
    """What a call is given. mask: 'b n' bool over its real keys. shape: 'b i j' and its null keys.

    A batch item all of whose real keys are hidden was asked without its text: it keeps its own map.
    Raises RecordingError where a map does not fit.
    """
    b, i, j, nulls = shape
    maps = torch.cat([_fitted(name, one, kept_map(one), (b, i, j)) for one in given], dim=1)
    items = torch.ones(b, dtype=torch.bool, device=HOST) if mask is None else mask.any(dim=1).cpu()
    _check_hidden(name, maps, _hidden(module, mask, (i, j), nulls), items)
    return PutIn(maps=maps, heads=heads_put_in(module, given), items=items)


def _fitted(
    name: str, one: TransferMap, maps: torch.Tensor, shape: tuple[int, int, int]
) -> torch.Tensor:
    """A kept map 'b h i j' as the call needs it: nothing on keys that its own run did not have."""
    b, i, j = shape
    items, _, queries, keys = maps.shape
    if queries != i or keys > j:
        raise RecordingError(
            f"{name}: a map of {queries:,} queries and {keys:,} keys ({one.of}) does not fit a "
            f"call of {i:,} queries and {j:,} keys: take one of the same grid, and of no more words"
        )
    if items > 1 and b % items:
        raise RecordingError(
            f"{name}: a map of {items} batch items ({one.of}) does not fit a call of {b}: record "
            "one video"
        )
    maps = torch.nn.functional.pad(maps, (0, j - keys))
    return maps if items == 1 else repeat(maps, "b h i j -> (n b) h i j", n=b // items)


def _hidden(
    module: AttentionModule, mask: torch.Tensor | None, shape: tuple[int, int], nulls: int
) -> torch.Tensor | None:
    """Keys that a call hides: '1|b 1 1|i j' bool, or None for none."""
    i, j = shape
    hidden = None
    if mask is not None:
        hidden = rearrange(~with_nulls(mask.cpu(), nulls), "b j -> b 1 1 j")
    if getattr(module, "causal", False):
        later = is_later(torch.arange(i, device=HOST), torch.arange(j, device=HOST), i, j)
        hidden = later if hidden is None else hidden | later
    return hidden


def _check_hidden(
    name: str, maps: torch.Tensor, hidden: torch.Tensor | None, items: torch.Tensor
) -> None:
    if hidden is None:
        return
    read = torch.where(hidden, maps, 0).sum(dim=-1)
    worst = float(read.expand(len(items), *read.shape[1:])[items].max()) if items.any() else 0.0
    if worst > LEAST:
        raise RecordingError(
            f"{name}: the map that is put in has {worst:.2g} of a row on keys that are hidden from "
            "it here (words that this text does not have, or later steps)"
        )
