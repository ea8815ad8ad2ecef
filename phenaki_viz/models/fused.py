"""Attention without a map: PyTorch's fused kernel, in row blocks where its bias would be large."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from phenaki_viz.models.kernels import attention_with_sums
from phenaki_viz.numerics.precision import Precision, without_autocast, working
from phenaki_viz.numerics.room import Room

# Added to a hidden score, it swallows the score: a row with nothing to see is uniform, as
# published, where −inf would give NaN. bfloat16's, so that autocast cannot round it to −inf.
LOWEST = torch.finfo(torch.bfloat16).min

Rows = tuple[int, int]


class AttentionParts(nn.Module):
    """Where fused attention hands over what its map can be made of, while a hook waits for it."""

    tells_values = True  # its hooks need not listen to the projection that made them

    def forward(
        self,
        q: torch.Tensor,
        k: torch.Tensor,
        logsumexp: torch.Tensor,
        precision: Precision,
        *,
        values: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Precision]:
        """q: 'b h i d', k: 'b h j d', as the scores use them. logsumexp: 'b h i', of each row.

        precision: where scores and weights were rounded. values: 'b h j d', as the map mixes them.
        """
        return q, k, logsumexp, precision


def fused_attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    added: Callable[[Rows | None], torch.Tensor | None],
    cells: int,
    dropped: float,
    *,
    want_logsumexp: bool,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Softmax(q kᵀ + bias) v, 'b h i d', and the log-sum-exp of each row, 'b h i', if wanted.

    q, k, v: of one format, the one to compute in. added: the bias '1|b h i j' of some rows, or of
    all for None. cells: how many it has in all; 0 for no bias. dropped: chance of dropout.
    """
    attend = _with_logsumexp if want_logsumexp else _alone
    room = Room.on(q.device, cells)
    if cells <= room.whole:
        return attend(q, k, v, added(None), dropped)
    i = q.shape[-2]
    step = max(1, room.block * i // cells)
    out = torch.empty((*q.shape[:-1], v.shape[-1]), dtype=q.dtype, device=q.device)
    logsumexp = None
    if want_logsumexp:
        logsumexp = torch.empty(q.shape[:-1], device=q.device, dtype=working(q.dtype))
    for first in range(0, i, step):
        last = min(first + step, i)
        part, sums = attend(q[..., first:last, :], k, v, added((first, last)), dropped)
        out[..., first:last, :] = part
        if logsumexp is not None and sums is not None:
            logsumexp[..., first:last] = sums
    return out, logsumexp


def _alone(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor | None, dropped: float
) -> tuple[torch.Tensor, None]:
    return F.scaled_dot_product_attention(q, k, v, bias, dropout_p=dropped, scale=1.0), None


def _with_logsumexp(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor | None, dropped: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The kernels have the sums at hand; where they do not give them, these are taken once more."""
    learns = bias is not None and bias.requires_grad and torch.is_grad_enabled()
    if q.device.type == "cpu" and not dropped and not learns:  # it has no gradient for a bias
        out, sums = torch._scaled_dot_product_flash_attention_for_cpu(
            q, k, v, attn_mask=bias, scale=1.0
        )
        return out, sums
    if q.is_cuda and not dropped:
        found = attention_with_sums(q, k, v, bias)
        if found is not None:
            return found
    with torch.no_grad():
        sums = row_logsumexp(q, k, bias)
    return _alone(q, k, v, bias, dropped)[0], sums


def row_logsumexp(q: torch.Tensor, k: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Log-sum-exp over the keys of q kᵀ + bias, 'b h i' float32 or float64, in row blocks."""
    i, j = q.shape[-2], k.shape[-2]
    cells = j * q.shape[0] * q.shape[1]
    step = max(1, Room.on(q.device, cells * i).block // max(1, cells))
    sums, dtype = [], working(q.dtype)
    with without_autocast(q.device):
        for first in range(0, i, step):
            rows = slice(first, first + step)
            scores = q[..., rows, :].to(dtype) @ k.to(dtype).transpose(-1, -2)
            if bias is not None:
                scores += bias if bias.shape[-2] == 1 else bias[..., rows, :]
            sums.append(scores.logsumexp(dim=-1))
    return torch.cat(sums, dim=-1)
