"""Does the recorded map explain what the module really did? Recompute on some rows and compare."""

import math
import warnings
from dataclasses import replace
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange, repeat

from phenaki_viz.errors import VerificationWarning
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import Precision, autocast_dtype, without_autocast, working
from phenaki_viz.recording.families.phenaki import AttentionModule, null_keys
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.records import PositionBias, Verification
from phenaki_viz.recording.samples import Mixed, Sample
from phenaki_viz.recording.sentences import describe_failures

# How far `map @ values` may be from what the module made of them, as a share of the largest value:
# a weighted mean is never larger. About a hundred roundings of float32, a few of half precision.
TOLERANCES = {
    torch.float64: 1e-6,  # position tables are kept as float32
    torch.float32: 1e-4,
    torch.float16: 5e-3,
    torch.bfloat16: 3e-2,
}
TINY = torch.finfo(torch.float32).tiny  # a share of less is a share of this
# What float32 products are really made in, where PyTorch was told to be fast.
FAST = {"high": torch.float16, "medium": torch.bfloat16}  # TensorFloat-32 has float16's ten bits


def verify(
    module: AttentionModule,
    picked: torch.Tensor,
    values: torch.Tensor,
    mixed: Mixed,
    sample: Sample,
    precision: Precision,
    of: int,
    *,
    recomputed: bool,
) -> Verification:
    """Compare attn @ v on the sampled rows with what the module gave to its output projection.

    picked: the sample of the map, 'b h i j': the model's own, or recomputed from its parts. values:
    of the sampled items, 'b h j d', the null ones first. precision: of the map. of: how many query
    rows there are. Autocast is as it was for the module.
    Source: the last lines of phenaki-pytorch 0.5.0's Attention.forward.
    """
    if module.training and module.attn_dropout.p > 0:
        return Verification(of=of, reason="dropout is active: outputs are random")
    theirs = mixed.rows(sample)
    if theirs is None:
        return Verification(of=of, reason=mixed.missing)
    ours = mixed_by(picked, values, theirs.dtype, recomputed=recomputed)
    dtype = coarsest_of(ours.dtype, theirs.dtype, precision, values)
    found = compared(ours, by_head(theirs, module.heads), values, TOLERANCES[dtype])
    return replace(found, queries=len(sample), of=of, dtype=named(dtype))


def named(dtype: torch.dtype) -> str:
    """A format as a verdict says it."""
    return str(dtype).removeprefix("torch.")


def compared(
    ours: torch.Tensor, theirs: torch.Tensor, values: torch.Tensor, tolerance: float
) -> Verification:
    """The verdict on two tensors 'b h i d', weighted means of values 'b h j d'.

    tolerance: of the largest value of each head. A number that is not finite is right where the
    model's is not finite either.
    """
    error = (ours - theirs).abs()
    worst = _largest(error, largest_of(values))
    finite = all(map(math.isfinite, worst))
    if not finite:
        good = torch.isfinite(theirs)
        if not torch.equal(good, torch.isfinite(ours)):
            return Verification(
                verdict="failed",
                tolerance=tolerance,
                finite=False,
                reason="one of the two is not finite where the other is",
            )
        if not good.any():
            return Verification(finite=False, reason="what the module computed is not finite")
        worst = _largest(torch.where(good, error, 0), largest_of(values.nan_to_num(0, 0, 0)))
    absolute, relative = worst
    return replace(verdict_on(absolute, relative, tolerance), finite=finite)


def verdict_on(absolute: float, relative: float, tolerance: float, **about: Any) -> Verification:
    """The verdict on errors that are numbers. about: the other fields."""
    return Verification(
        verdict="passed" if relative <= tolerance else "failed",
        max_abs_error=absolute,
        relative_error=relative,
        tolerance=tolerance,
        **about,
    )


def is_what_was_added(given: torch.Tensor | OffsetBias, bias: PositionBias, most: int) -> bool:
    """Whether a call's bias is still what its module gave: it may be written to on the way.

    most: how many of its rows are compared.
    """
    table = bias.table
    if isinstance(given, OffsetBias):
        return _same(given.surface, table.surface)
    rows = Sample.of(1, table.shape[1], 1, most).rows
    return given.shape[-3:] == table.shape and _same(given[..., rows, :], table.sample(rows))


def warn_of_failures(recording: Recording) -> None:
    """Warn, once a recording, when maps are not what the model used; nothing else is said."""
    said = describe_failures(recording.records)
    if said:
        warnings.warn(said, VerificationWarning, stacklevel=5)


def _same(given: torch.Tensor, kept: torch.Tensor) -> bool:
    one = given.detach().to("cpu", kept.dtype)
    kept = kept.expand(one.shape)
    return torch.equal(one, kept) or torch.allclose(one, kept, rtol=0, atol=0, equal_nan=True)


def _largest(error: torch.Tensor, largest: torch.Tensor) -> list[float]:
    """The largest error of 'b h i d', by itself and as a share of the head's largest value."""
    found: list[float] = torch.stack([one.max() for one in errors(error, largest)]).tolist()
    return found


def largest_of(values: torch.Tensor) -> torch.Tensor:
    """The largest magnitude in each head of 'b h j d': 'b h'.

    A CPU's infinity norm takes eight times as long as both extremes: half of a check of 1,536
    tokens. On a GPU each of these is one more launch.
    """
    if values.is_cpu:
        return torch.maximum(values.amax(dim=(-2, -1)), -values.amin(dim=(-2, -1)))
    return torch.linalg.vector_norm(values, ord=torch.inf, dim=(-2, -1))


def errors(error: torch.Tensor, largest: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The largest error of each head of 'b h i d', and as a share of its largest value: 'b h'.

    Float32, or float64 like the model.
    """
    of_heads = error.amax(dim=(-2, -1))
    of_heads = of_heads.to(working(of_heads.dtype))
    return of_heads, of_heads / largest.to(of_heads.dtype).clamp(min=TINY)


def mixed_by(
    picked: torch.Tensor, values: torch.Tensor, dtype: torch.dtype, *, recomputed: bool
) -> torch.Tensor:
    """Means of the values, 'b h i d': as the model does it, or wide, then rounded, with our map."""
    if not recomputed:
        return picked @ values.to(picked.dtype)
    with without_autocast(picked.device):
        return (picked @ values.to(picked.dtype)).to(dtype)


def by_head(mixed: torch.Tensor, heads: int) -> torch.Tensor:
    """'b i (h d)' → 'b h i d'."""
    b, i, width = mixed.shape
    return mixed.view(b, i, heads, width // heads).transpose(1, 2)


def coarsest_of(
    ours: torch.dtype, theirs: torch.dtype, precision: Precision, values: torch.Tensor
) -> torch.dtype:
    """The format that rounded most of all that two results went through."""
    return _coarsest(ours, theirs, precision.coarsest, _product_dtype(values))


def _product_dtype(tensor: torch.Tensor) -> torch.dtype:
    """What the module multiplied such tensors in."""
    dtype = autocast_dtype(tensor.device) or tensor.dtype
    if dtype != torch.float32:
        return dtype
    return FAST.get(torch.get_float32_matmul_precision(), dtype)


@cache
def _coarsest(*dtypes: torch.dtype) -> torch.dtype:
    return max(dtypes, key=lambda dtype: torch.finfo(dtype).eps)


def values_of(module: AttentionModule, kv: torch.Tensor) -> torch.Tensor:
    """Values with the null ones first: 'b h j d'. kv: 'b n (2 h d)'."""
    return _with_nulls(module, kv, 1)


def keys_of(module: AttentionModule, kv: torch.Tensor) -> torch.Tensor:
    """Keys as the scores use them: nulls first, normalised, times `k_scale`; 'b h j d'."""
    return F.normalize(_with_nulls(module, kv, 0), dim=-1) * module.k_scale


def queries_of(module: AttentionModule, q: torch.Tensor) -> torch.Tensor:
    """Queries normalised, times `q_scale`; the scores use them times `scale`; 'b h i d'."""
    heads = rearrange(q, "b n (h d) -> b h n d", h=module.heads)
    return F.normalize(heads, dim=-1) * module.q_scale


def _with_nulls(module: AttentionModule, kv: torch.Tensor, which: int) -> torch.Tensor:
    """Keys (0) or values (1) of all heads, the null ones first: 'b h j d'."""
    real = rearrange(kv, "b n (two h d) -> two b h n d", two=2, h=module.heads)[which]
    if null_keys(module) == 0:
        return real
    pairs = rearrange(module.null_kv, "h (n two) d -> two h n d", two=2)
    return torch.cat((repeat(pairs[which], "h n d -> b h n d", b=real.shape[0]), real), dim=-2)
