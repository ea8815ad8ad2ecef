"""What one attention call left behind, cut down to what is chosen."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.added import Alibi
from phenaki_viz.recording.families.phenaki import stack_and_layer as stack_and_layer


def select_map(
    tensor: torch.Tensor, items: Sequence[int], heads: Sequence[int], dtype: torch.dtype
) -> torch.Tensor:
    """The chosen part of 'b h …', in the chosen order; the tensor itself when that is all."""
    if list(items) != list(range(tensor.shape[0])):
        tensor = tensor[list(items)]
    if list(heads) != list(range(tensor.shape[1])):
        tensor = tensor[:, list(heads)]
    return tensor.detach().to(dtype)


def cut_mask(mask: torch.Tensor | None, items: Sequence[int]) -> np.ndarray | None:
    """A key mask 'b j' of the chosen items."""
    return None if mask is None else mask.detach().cpu().numpy()[list(items)].astype(bool)


def cut_of_heads(cut: torch.Tensor | None, heads: Sequence[int]) -> torch.Tensor | None:
    """Cut edges, 'i j' or 'h i j' where heads differ, of the chosen heads."""
    return cut if cut is None or cut.ndim == 2 else cut[list(heads)]


def cut_bias(
    attn_bias: torch.Tensor | OffsetBias | None, items: Sequence[int], heads: Sequence[int]
) -> np.ndarray | None:
    """A bias '… h i j' of the chosen heads, and of the chosen items where it differs in them."""
    if attn_bias is None:
        return None
    if isinstance(attn_bias, OffsetBias):
        attn_bias = attn_bias.dense()
    bias = attn_bias.detach().float().cpu().numpy()[..., list(heads), :, :]
    each = bias.ndim == 4 and len(bias) > 1
    return bias[list(items)] if each else bias


def cut_alibi(
    seen: tuple[torch.Tensor, torch.Tensor | float] | None, heads: Sequence[int]
) -> Alibi | None:
    """ALiBi of the chosen heads, from slopes 'h' and how far the module was from them."""
    if seen is None:
        return None
    slopes, error = seen
    return Alibi(slopes=slopes.float().cpu().numpy()[list(heads)], max_abs_error=float(error))


def first_non_finite(x: torch.Tensor, logsumexp: torch.Tensor | None) -> tuple[int, int] | None:
    """(batch item, token) of the first NaN or infinity in 'b n d'.

    logsumexp: of its queries' rows, 'b h n', if at hand: a token that is not finite has no finite
    one, and there are d times fewer of them.
    """
    x = x.detach()
    sums = x if logsumexp is None else logsumexp
    if math.isfinite(sums.sum()):  # a sum is finite only if every term is
        return None
    return first_bad((~torch.isfinite(x)).any(dim=-1))


def first_bad(bad: torch.Tensor) -> tuple[int, int] | None:
    """(batch item, token) of the first one in 'b n' bool."""
    found = bad.nonzero()
    return (int(found[0, 0]), int(found[0, 1])) if len(found) else None
