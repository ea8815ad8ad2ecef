"""How the map of one attention call is kept: as it was, or by the parts it is recomputed from."""

from dataclasses import dataclass

import torch

from phenaki_viz.errors import RecordingError
from phenaki_viz.models.offsets import OffsetBias
from phenaki_viz.recording.choice import Choice
from phenaki_viz.recording.cuts import cut_map
from phenaki_viz.recording.duck import AttentionModule, null_keys
from phenaki_viz.recording.maps import AttentionMap, Held, StoredMap
from phenaki_viz.recording.parts import PartsMap
from phenaki_viz.recording.records import PositionBias, Verification
from phenaki_viz.recording.transfers import Transfers
from phenaki_viz.recording.verify import Sample, indices, keys_of, queries_of, verify

ROWS = 2  # query rows of a map by parts that are checked, at least
EACH = 256  # beyond that, one in so many
AGREES = 1e-4  # how far parts may be from a map that was made in the open; 1e-6 is usual

Slopes = tuple[torch.Tensor, float]  # ALiBi's, 'h', and how far the module was from them


@dataclass(frozen=True)
class Parts:
    """q: 'b h i d', k: 'b h j d', logsumexp: 'b h i', of the model's device."""

    q: torch.Tensor
    k: torch.Tensor
    logsumexp: torch.Tensor


@dataclass
class Call:
    """What is known of one attention call while it runs."""

    x: torch.Tensor
    mask: torch.Tensor | None
    context: torch.Tensor | None
    attn_bias: torch.Tensor | OffsetBias | None
    held: Held
    attn: torch.Tensor | None = None
    parts: Parts | None = None
    q: torch.Tensor | None = None
    kv: torch.Tensor | None = None
    alibi: Slopes | None = None


@dataclass(frozen=True)
class Kept:
    """A map, how it was verified, and the ALiBi that was in it."""

    map: AttentionMap
    verification: Verification
    alibi: Slopes | None


def keep(
    module: AttentionModule,
    call: Call,
    bias: PositionBias | None,
    output: torch.Tensor,
    choice: Choice,
    transfers: Transfers,
) -> Kept:
    """Keep the chosen part of a call's map, and check it against the module's output 'b i dim'.

    bias: the position bias that the call was given, if it came from a module. A map by parts is
    checked where the model runs; its way to the host is begun, `transfers` knows when it ends.
    """
    batch, queries, _ = output.shape
    items, heads = choice.kept(batch, module.heads)
    rows = choice.verify_rows
    if call.held == "by parts":  # recomputed for this: of a short forward that would be a share
        rows = min(rows, max(ROWS, queries // EACH))
    sample = Sample.of(batch, queries, choice.verify_items, rows)
    alibi = call.alibi or _alibi_of(module)
    if call.held == "by parts":
        parts = _parts_map(module, call, bias, alibi)
        rows_of = [parts.rows_of_heads(b, sample.rows) for b in indices(sample.items)]
        picked = rows_of[0][None] if len(rows_of) == 1 else torch.stack(rows_of)
        if call.attn is None or _agree(picked, sample.of_map(call.attn)):
            checked = verify(module, picked, seen(call.kv), output, sample)
            return Kept(parts.cut(items, heads).moved(transfers.to_host), checked, alibi)
    attn = seen(call.attn)
    checked = verify(module, sample.of_map(attn), seen(call.kv), output, sample)
    return Kept(StoredMap(cut_map(attn, items, heads, choice.dtype)), checked, alibi)


def seen(caught: torch.Tensor | None) -> torch.Tensor:
    """What a hook was to catch. Raises RecordingError when it did not."""
    if caught is None:
        raise RecordingError("a projection was not seen: to_q or to_kv was not called as a module")
    return caught


def _parts_map(
    module: AttentionModule, call: Call, bias: PositionBias | None, alibi: Slopes | None
) -> PartsMap:
    q, k, sums = _caught(module, call)
    return PartsMap.of(
        q=q,
        k=k,
        logsumexp=sums,
        bias=_bias(call, bias, q.device),
        slopes=None if alibi is None else alibi[0].float().to(q.device).reshape(-1),
        causal=bool(getattr(module, "causal", False)),
        key_mask=None if call.mask is None else call.mask.detach(),
        nulls=null_keys(module),
    )


def _caught(
    module: AttentionModule, call: Call
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Queries and keys as the scores used them, and the rows' log-sum-exp if it was told."""
    if call.parts is not None:
        return call.parts.q, call.parts.k, call.parts.logsumexp
    scale = float(getattr(module, "scale", 1.0))
    return queries_of(module, seen(call.q)) * scale, keys_of(module, seen(call.kv)), None


def _bias(
    call: Call, bias: PositionBias | None, device: torch.device
) -> OffsetBias | torch.Tensor | None:
    if bias is not None:
        # Not the model's own table, which may hold the dense bias that its layers share.
        return bias.table.on(device)
    if isinstance(call.attn_bias, OffsetBias):
        return OffsetBias(call.attn_bias.surface.detach(), call.attn_bias.dimensions)
    return None if call.attn_bias is None else call.attn_bias.detach()


def _alibi_of(module: AttentionModule) -> Slopes | None:
    """Slopes that were added row by row, where nobody hears of the whole bias."""
    if not getattr(module, "causal", False) or not hasattr(module, "attn_parts"):
        return None
    return torch.as_tensor(module.rel_pos_bias.slopes).detach().reshape(-1), 0.0


def _agree(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    """Whether recomputed rows are the model's; NaN counts as itself."""
    return torch.allclose(ours, theirs.float(), rtol=0, atol=AGREES, equal_nan=True)
