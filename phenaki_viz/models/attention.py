"""Phenaki's attention: cosine similarity, null key/values, biases, masks; fused or in the open."""

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import nn
from torch.nn.modules import module as torch_modules

from phenaki_viz.alignment import is_later, with_nulls
from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models.fused import LOWEST, AttentionParts, fused_attention
from phenaki_viz.models.layers import LayerNorm
from phenaki_viz.models.position import AlibiPositionalBias
from phenaki_viz.numerics.edits import NONE, Edits
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import Precision, autocast_dtype, working


class Attention(nn.Module):
    """Multi-head attention over tokens, self or cross: 'b i d' → 'b i d'.

    PyTorch's fused attention runs, and no map exists, until something listens to `attn_dropout`
    (any hook on it, or another module in its place). Then the softmax is made in the open and
    handed to it whole, 'b h i j', null keys first: it is what multiplies the values. A hook
    on `attn_parts` instead is handed what the map can be made of, and attention stays fused.
    Keys and values of self-attention come from x before the norm, as published.
    Source: phenaki-pytorch 0.5.0 attention.py, Attention.
    """

    def __init__(
        self,
        dim: int,
        dim_context: int | None = None,
        dim_head: int = 64,
        heads: int = 8,
        causal: bool = False,
        num_null_kv: int = 0,
        norm_context: bool = True,
        dropout: float = 0.0,
        scale: float = 8,
    ) -> None:
        super().__init__()
        dim_context = dim if dim_context is None else dim_context
        _check_sizes(dim=dim, dim_context=dim_context, dim_head=dim_head, heads=heads)
        if num_null_kv < 0:
            raise ConfigError(f"attention with num_null_kv {num_null_kv}: use 0 or more")
        inner = dim_head * heads
        self.dim, self.dim_context = dim, dim_context
        self.heads = heads
        self.causal = causal
        self.scale = scale
        self.num_null_kv = num_null_kv
        if causal:
            self.rel_pos_bias = AlibiPositionalBias(heads=heads)
        self.attn_dropout = nn.Dropout(dropout)
        self.attn_parts = AttentionParts()
        self.norm = LayerNorm(dim)
        self.context_norm = LayerNorm(dim_context) if norm_context else nn.Identity()
        self.null_kv = nn.Parameter(torch.randn(heads, 2 * num_null_kv, dim_head))
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_kv = nn.Linear(dim_context, inner * 2, bias=False)
        self.q_scale = nn.Parameter(torch.ones(dim_head))
        self.k_scale = nn.Parameter(torch.ones(dim_head))
        self.to_out = nn.Linear(inner, dim, bias=False)

    def forward(
        self,
        x: torch.Tensor,
        mask: torch.Tensor | None = None,
        context: torch.Tensor | None = None,
        attn_bias: torch.Tensor | OffsetBias | None = None,
        *,
        edits: Edits = NONE,
    ) -> torch.Tensor:
        """x: 'b i d'. context: 'b n c', what cross-attention reads instead of x.

        mask: 'b n' bool over the real keys, False is hidden. attn_bias: 'h i n' or 'b h i n',
        added to the scores of the real keys. The mask hides no null key, and their bias is 0.
        edits: what an intervention changes; not in the published class.
        Raises ShapeError when these cannot work together.
        """
        source = x if context is None else context
        self._check(x, source, mask, attn_bias)
        q, k, v = self._project(x, source if context is None else self.context_norm(context))
        is_open = edits.needs_map or self._must_be_open(q, k, mask)
        attend = self._open if is_open else self._fused
        out = attend(edits.scaled(q), k, v, attn_bias, mask, edits)
        return self.to_out(rearrange(out, "b h i d -> b i (h d)"))

    def _project(
        self, x: torch.Tensor, source: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries 'b h i d' times `scale`; keys and values 'b h j d', the null ones first."""
        q = rearrange(self.to_q(self.norm(x)), "b i (h d) -> b h i d", h=self.heads)
        k, v = rearrange(self.to_kv(source), "b n (two h d) -> two b h n d", two=2, h=self.heads)
        if self.num_null_kv:
            nulls = repeat(self.null_kv, "h (n two) d -> two b h n d", two=2, b=x.shape[0])
            k, v = torch.cat((nulls[0], k), dim=-2), torch.cat((nulls[1], v), dim=-2)
        q = F.normalize(q, dim=-1) * (self.q_scale * self.scale)
        return q, F.normalize(k, dim=-1) * self.k_scale, v

    def _bias(
        self,
        q: torch.Tensor,
        k: torch.Tensor,
        attn_bias: torch.Tensor | OffsetBias | None,
        rows: tuple[int, int] | None = None,
    ) -> torch.Tensor | None:
        """What is added to the scores: `attn_bias` (nulls: 0) and ALiBi; '… i j' or None.

        rows: queries first to last, excluded, instead of all.
        """
        bias = _read(attn_bias, rows)
        if bias is not None and self.num_null_kv:
            bias = F.pad(bias, (self.num_null_kv, 0))
        if not self.causal:
            return bias
        # Scores do not exist yet; ALiBi asks for no more than their shape.
        scores = torch.empty((*q.shape[:-1], k.shape[-2]), device="meta")
        alibi = self.rel_pos_bias(scores) if rows is None else self.rel_pos_bias(scores, rows)
        return alibi if bias is None else bias + alibi

    def _hidden(
        self,
        q: torch.Tensor,
        k: torch.Tensor,
        mask: torch.Tensor | None,
        edits: Edits,
        rows: tuple[int, int] | None = None,
    ) -> torch.Tensor | None:
        """True where a query may not see a key: '… i j' or None. No mask hides a null key."""
        hidden = None
        if mask is not None:
            hidden = rearrange(~with_nulls(mask, self.num_null_kv), "b j -> b 1 1 j")
        if self.causal:
            i, j = q.shape[-2], k.shape[-2]
            query = torch.arange(*(rows or (0, i)), device=q.device)
            later = is_later(query, torch.arange(j, device=q.device), i, j)
            hidden = later if hidden is None else hidden | later
        if edits.hidden is not None:
            cut = edits.hidden[..., slice(*(rows or (None,))), :]
            hidden = cut if hidden is None else hidden | cut
        return hidden

    def _must_be_open(self, q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None) -> bool:
        """Whether something listens, or fused attention would get a blind query wrong.

        A query is blind when every key is hidden from it. To add `LOWEST` to all its scores is
        to replace them, except in float16, which overflows, and for the gradient.
        """
        if _is_heard(self.attn_dropout):
            return True
        if torch.is_grad_enabled() and q.device.type == "cpu" and self.training:
            return True  # the CPU's fused kernels take half as long again for their gradients
        padding_may_blind = mask is not None and not self.num_null_kv
        causality_blinds = self.causal and q.shape[-2] > k.shape[-2]
        if not (padding_may_blind or causality_blinds):
            return False
        dtype = autocast_dtype(q.device) or q.dtype
        return torch.is_grad_enabled() or dtype == torch.float16

    def _fused(
        self,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        attn_bias: torch.Tensor | OffsetBias | None,
        mask: torch.Tensor | None,
        edits: Edits,
    ) -> torch.Tensor:
        """'b h i d' without a map; without a whole bias either, where that would be large."""
        # What autocast would do inside, done here: the parts are those that were multiplied.
        dtype = autocast_dtype(q.device) or q.dtype
        q, k, v = q.to(dtype), k.to(dtype), v.to(dtype)

        def added(rows: tuple[int, int] | None) -> torch.Tensor | None:
            bias = self._bias(q, k, attn_bias, rows)
            hidden = self._hidden(q, k, mask, edits, rows)
            if hidden is not None:
                bias = torch.where(hidden, LOWEST, 0.0 if bias is None else bias)
            if bias is None:
                return None
            # Only a mask with four axes gets the fused kernel.
            return bias.to(q.dtype)[(None,) * (4 - bias.ndim)]

        heads, i, j = self.heads, q.shape[-2], k.shape[-2]
        adds = self.causal or any(one is not None for one in (attn_bias, mask, edits.hidden))
        cells = heads * i * j * (1 if mask is None else len(q)) if adds else 0
        dropped = self.attn_dropout.p if self.training else 0.0
        parts = self.attn_parts
        heard = bool(parts._forward_pre_hooks)
        out, logsumexp = fused_attention(q, k, v, added, cells, dropped, want_logsumexp=heard)
        if logsumexp is not None:
            parts(q, k, logsumexp, Precision.fused(q.dtype), values=v)
        return out

    def _open(
        self,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        attn_bias: torch.Tensor | OffsetBias | None,
        mask: torch.Tensor | None,
        edits: Edits,
    ) -> torch.Tensor:
        """'b h i d' by way of the map 'b h i j', which is given to `attn_dropout`."""
        bias, hidden = self._bias(q, k, attn_bias), self._hidden(q, k, mask, edits)
        sim = q @ rearrange(k, "b h j d -> b h d j")
        products = sim.dtype
        if bias is not None:
            sim += bias
        if hidden is not None:
            sim.masked_fill_(hidden, torch.finfo(sim.dtype).min)
        parts = self.attn_parts
        if not parts._forward_pre_hooks:
            return self.attn_dropout(edits.used(_softmax(sim))) @ v
        # Of no use to the gradient: what is kept for it must not depend on its listeners.
        logsumexp = sim.detach().to(working(products)).logsumexp(dim=-1)
        attn = _softmax(sim)
        precision = Precision(
            products, added=working(products), scores=products, weights=attn.dtype
        )
        parts(q.to(products), k.to(products), logsumexp, precision, values=v)
        return self.attn_dropout(edits.used(attn)) @ v

    def _check(
        self,
        x: torch.Tensor,
        source: torch.Tensor,
        mask: torch.Tensor | None,
        attn_bias: torch.Tensor | OffsetBias | None,
    ) -> None:
        dim, dim_context = self.dim, self.dim_context
        if x.ndim != 3 or x.shape[-1] != dim:
            raise ShapeError(f"x is {_words(x)}; attention takes batch × tokens × {dim}")
        b, i, _ = x.shape
        if source.ndim != 3 or (source.shape[0], source.shape[2]) != (b, dim_context):
            raise ShapeError(
                f"keys and values come from {_words(source)}; this attention reads "
                f"{b} (batch) × tokens × {dim_context}, as context or, without one, as x"
            )
        n = source.shape[1]
        if mask is not None and (mask.shape != (b, n) or mask.dtype != torch.bool):
            raise ShapeError(
                f"mask is {_words(mask)} of {mask.dtype}; it must be "
                f"{b} (batch) × {n} (keys, without null keys) of torch.bool"
            )
        if attn_bias is not None and not _fits(attn_bias, (b, self.heads, i, n)):
            raise ShapeError(
                f"attn_bias is {_words(attn_bias)}; it must be {self.heads} (heads) × "
                f"{i} (queries) × {n} (keys, without null keys), or that for each of {b} in the "
                "batch"
            )


def _read(
    bias: torch.Tensor | OffsetBias | None, rows: tuple[int, int] | None
) -> torch.Tensor | None:
    if isinstance(bias, OffsetBias):
        return bias.dense() if rows is None else bias.rows(*rows)
    if bias is None or rows is None or bias.ndim < 2 or bias.shape[-2] == 1:
        return bias
    return bias[..., slice(*rows), :]


def _softmax(sim: torch.Tensor) -> torch.Tensor:
    """Over the keys; where no gradient needs the scores, in their place.

    A map of its own would be as large again, and for long videos writing it takes as long as
    the products do.
    """
    if torch.is_grad_enabled() or autocast_dtype(sim.device):
        return sim.softmax(dim=-1)
    return torch.softmax(sim, dim=-1, out=sim)


def _is_heard(module: nn.Module) -> bool:
    """Whether a hook of any kind, or another class than nn.Dropout, waits for the map."""
    return bool(
        module._forward_pre_hooks
        or module._forward_hooks
        or module._backward_pre_hooks
        or module._backward_hooks
        or type(module) is not nn.Dropout
        or torch_modules._has_any_global_hook()
    )


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ConfigError(f"attention with {name} {size}: use at least 1")


def _fits(bias: torch.Tensor | OffsetBias, shape: tuple[int, int, int, int]) -> bool:
    """Whether a bias is 'b h i n' up to axes of 1 or missing ones; the keys must all be there."""
    if not 1 <= bias.ndim <= 4 or bias.shape[-1] != shape[-1]:
        return False
    wanted = shape[-bias.ndim :]
    return all(have in (1, want) for have, want in zip(bias.shape, wanted, strict=True))


def _words(tensor: torch.Tensor | OffsetBias) -> str:
    return " × ".join(map(str, tensor.shape)) or "a single number"
