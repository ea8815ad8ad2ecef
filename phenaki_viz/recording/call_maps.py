"""How the map of one attention call is kept: as it was, or by the parts it is recomputed from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.numerics.precision import Precision, autocast_dtype, working
from phenaki_viz.recording.call import Call, Slopes, required
from phenaki_viz.recording.maps import AttentionMap, DenseMap, Storage
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.records import PositionBias, Verification
from phenaki_viz.recording.samples import Sample, indices
from phenaki_viz.recording.select import select_map
from phenaki_viz.recording.transfers import Transfers
from phenaki_viz.recording.verify import keys_of, queries_of, verify

ROWS = 2  # query rows of a factored map that are checked, at least
EACH = 256  # beyond that, one in so many
# How far recomputed weights may be from a map that was made in the open; 1e-6 is usual in float32.
# In half precision a score on the border of two steps may take the other one.
AGREES = {torch.float64: 1e-5, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}


def map_of_call(
    call: Call,
    bias: PositionBias | None,
    chosen: tuple[Sequence[int], Sequence[int]],
    dtype: torch.dtype,
    transfers: Transfers,
    verification: Verification | None = None,
) -> tuple[AttentionMap, Verification]:
    """Keep the chosen part of a call's map, and check it against what `to_out` was given.

    bias: the position bias that the call was given, if it came from a module. chosen: batch items
    and heads. dtype: of a dense map. verification: of the check, if one is under way;
    `call.factored` is what it looks at. A map is checked where the model runs; its way to the host
    is begun, unless it stays there: `transfers` knows when it ends.
    """
    items, heads = chosen
    parts = call.factored
    if verification is None:
        parts, verification = _check(call, bias)
    if parts is not None:
        return transfers.kept(parts.select(items, heads)), verification
    attn = required(call.attn)
    stored = DenseMap(select_map(attn, items, heads, dtype), Precision(weights=attn.dtype))
    return transfers.kept(stored), verification


def _check(call: Call, bias: PositionBias | None) -> tuple[FactoredMap | None, Verification]:
    """Look at one call, and wait for what is seen; its factored map, None for a dense one."""
    sample = call.sample

    def check(picked: torch.Tensor, precision: Precision, *, recomputed: bool) -> Verification:
        of = call.sizes.batch * call.sizes.queries
        values = call.values_of(sample.items)
        return verify(
            call.module, picked, values, call.mixed, sample, precision, of, recomputed=recomputed
        )

    if call.storage == "factored":
        parts = parts_of(call, bias)
        rows_of = [parts.rows_of_heads(b, sample.rows) for b in indices(sample.items)]
        picked = rows_of[0][None] if len(rows_of) == 1 else torch.stack(rows_of)
        error = None if call.attn is None else float(furthest(picked, sample.of_map(call.attn)))
        if error is None or error <= AGREES[parts.precision.coarsest]:
            checked = check(picked, parts.precision, recomputed=True)
            return parts, replace(checked, weight_error=error)
    attn = required(call.attn)
    precision = Precision(weights=attn.dtype)
    return None, check(sample.of_map(attn), precision, recomputed=False)


def sample_of(storage: Storage, batch: int, queries: int, choice: RecordOptions) -> Sample:
    """Which rows of a call are checked."""
    rows = choice.verify_rows
    if storage == "factored":  # recomputed for this: of a short forward that would be a share
        rows = min(rows, max(ROWS, queries // EACH))
    return Sample.of(batch, queries, choice.verify_items, rows)


def parts_of(call: Call, bias: PositionBias | None) -> FactoredMap:
    """A call's map by its parts, where the model runs."""
    parts, alibi, device = call.parts, call.alibi, call.device
    about: dict[str, Any] = {
        "bias": _bias(call, bias, device),
        "slopes": None if alibi is None else alibi[0].to(device).reshape(-1),
        "causal": bool(getattr(call.module, "causal", False)),
        "key_mask": None if call.mask is None else call.mask.detach(),
        "nulls": call.sizes.nulls,
        "cut_edges": call.edits.cut,
    }
    if parts is not None:
        q, k, logsumexp, precision = parts
        return FactoredMap(q=q, k=k, logsumexp=logsumexp, precision=precision, **about)
    with call.as_it_was():
        q, k, scale, precision = _made_again(call, alibi)
        return FactoredMap.of(q=q, k=k, logsumexp=None, scale=scale, precision=precision, **about)


def _made_again(
    call: Call, alibi: Slopes | None
) -> tuple[torch.Tensor, torch.Tensor, float, Precision]:
    """Queries, keys and their scale as the published class multiplies them, and what it rounds.

    Its products are rounded, then scaled; a bias that is wider makes the scores wider.
    """
    module = call.module
    q, k = queries_of(module, required(call.q)), keys_of(module, required(call.kv))
    products = autocast_dtype(q.device) or torch.result_type(q, k)
    given = call.attn_bias
    wider = [] if given is None else [given.surface if isinstance(given, OffsetBias) else given]
    wider += [] if alibi is None else [alibi[0]]
    scores = products
    for added in wider:
        scores = torch.promote_types(scores, added.dtype)
    weights = products if call.attn is None else call.attn.dtype
    wide = working(products)
    scale = float(getattr(module, "scale", 1.0))
    q, k = q.to(products), k.to(products)
    if products == wide:  # nothing is rounded in between: scaled once, not at every look
        q, scale = q * scale, 1.0
    return q, k, scale, Precision(products, added=wide, scores=scores, weights=weights)


def _bias(
    call: Call, bias: PositionBias | None, device: torch.device
) -> OffsetBias | torch.Tensor | None:
    if bias is not None:
        # Not the model's own table, which may hold the dense bias that its layers share.
        return bias.table.on(device)
    if isinstance(call.attn_bias, OffsetBias):
        return OffsetBias(call.attn_bias.surface.detach(), call.attn_bias.dimensions)
    return None if call.attn_bias is None else call.attn_bias.detach()


def furthest(ours: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
    """The largest difference of weights; NaN is like NaN, and infinitely far from all else."""
    error = (ours - theirs).abs()
    error = torch.where(ours.isnan() & theirs.isnan(), 0, error)
    return error.nan_to_num(nan=torch.inf).max()
