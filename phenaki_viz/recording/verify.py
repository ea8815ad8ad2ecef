"""Does the recorded map explain what the module really returned? Recompute and compare."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange, repeat

from phenaki_viz.recording.duck import AttentionModule, null_keys
from phenaki_viz.recording.records import Verification


@dataclass(frozen=True)
class Sample:
    """Which batch items and query rows are checked: all of a small map, every so many of a large.

    Both as slices with a step, so that what is checked is read where it lies.
    """

    items: slice
    rows: slice

    @classmethod
    def of(cls, batch: int, queries: int, most_items: int, most_rows: int) -> "Sample":
        """At most so many items and rows, as far from each other, the last one among them."""
        return cls(_every(batch, most_items), _every(queries, most_rows))

    def of_map(self, attn: torch.Tensor) -> torch.Tensor:
        """The sample of a map 'b h i j': a view with the same axes."""
        return attn[self.items, :, self.rows]

    def __len__(self) -> int:
        return len(indices(self.items)) * len(indices(self.rows))


def verify(
    module: AttentionModule,
    picked: torch.Tensor,
    kv: torch.Tensor,
    output: torch.Tensor,
    sample: Sample,
) -> Verification:
    """Recompute attn @ v → to_out on the sampled rows and compare with the module's output.

    picked: the sample of the map, 'b h i j'. kv: output of `to_kv`, 'b n (2 h d)'. output:
    'b i dim'.
    Source: the last lines of phenaki-pytorch 0.5.0's Attention.forward.
    """
    of = output.shape[0] * output.shape[1]
    if module.training and module.attn_dropout.p > 0:
        return Verification(
            max_abs_error=None, queries=0, of=of, reason="dropout is active: outputs are random"
        )
    values = values_of(module, kv[sample.items])
    out = picked @ values.to(picked.dtype)
    # Called, not read by its weight: what a hook does to it (a head that is off) is part of it.
    out = module.to_out(rearrange(out, "b h i d -> b i (h d)"))
    error = (out - output[sample.items, sample.rows]).abs().max()
    return Verification(max_abs_error=float(error), queries=len(sample), of=of)


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


def indices(places: slice) -> range:
    """What a slice with all its ends stands for."""
    return range(places.start, places.stop, places.step)


def _every(extent: int, most: int) -> slice:
    step = -(-extent // max(1, most))
    return slice((extent - 1) % step, extent, step)
