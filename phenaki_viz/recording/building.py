"""The record of one attention call, made of what the hooks caught and of where it happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from phenaki_viz.recording.call import Call, required
from phenaki_viz.recording.call_maps import map_of_call
from phenaki_viz.recording.estimates import Sizes
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.places import Places, infer_places
from phenaki_viz.recording.records import AttentionRecord, PositionBias, Verification
from phenaki_viz.recording.select import (
    cut_alibi,
    cut_bias,
    cut_mask,
    cut_of_heads,
    first_bad,
    first_non_finite,
    select_map,
    stack_and_layer,
)
from phenaki_viz.recording.settling import UNSETTLED, Together
from phenaki_viz.recording.transfers import Transfers
from phenaki_viz.recording.verify import is_what_was_added, keys_of, queries_of, values_of

MANY = 2**31  # bytes that calls may hold on a GPU until they are settled, were there room for more
BIAS_ROWS = 2  # of a position bias that are compared with what its module gave

_places_of = lru_cache(maxsize=256)(infer_places)  # the layers of a stack are mostly alike


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Makes the records of one recording."""

    choice: RecordOptions
    transfers: Transfers = field(default_factory=Transfers)

    def most_waiting(self, call: Call) -> int:
        """Bytes that calls may hold until they are settled, on the GPU of this one."""
        device = call.device
        return min(MANY, self.transfers.limit(device)) if device.type == "cuda" else MANY

    @torch.no_grad()
    def settle(self, calls: Sequence[Call]) -> list[AttentionRecord | Exception]:
        """The records of calls that waited, or why there is none."""
        try:
            together = Together(calls)
            # While the GPU computes what the checks look at.
            found = [self._tried(call, together.under_way(call)) for call in calls]
            verdicts = together.found()
        except Exception:  # then each is looked at by itself, and says what is wrong
            return [self._tried(call, None) for call in calls]
        for at, (call, record) in enumerate(zip(calls, found, strict=True)):
            if isinstance(record, Exception):
                continue
            if call in verdicts:
                record.settle(verdicts[call])
            elif record.verification is UNSETTLED:
                found[at] = self._tried(call, None)
        return found

    def _tried(self, call: Call, verification: Verification | None) -> AttentionRecord | Exception:
        """The record of a call that waited, or why there is none."""
        try:
            if verification is not None and not self.choice.extras:  # then nothing is multiplied
                return self.build(call, verification)
            with call.as_it_was():
                return self.build(call, verification)
        except Exception as error:
            return error

    @torch.no_grad()
    def made_at_once(self, call: Call) -> AttentionRecord:
        """The record of a call that does not wait."""
        return self.build(call)

    def build(self, call: Call, verification: Verification | None = None) -> AttentionRecord:
        """The record of a call. verification: of its check, if that is under way."""
        module, around = call.module, call.around
        sizes = call.sizes
        kept = items, kept_heads = self.choice.kept(sizes.batch, sizes.heads)
        stack, layer = stack_and_layer(around.name)
        bias_name, bias = around.named
        given, waited = call.attn_bias, call.came_in is not None
        if bias and given is not None and not waited:
            if not is_what_was_added(given, bias, BIAS_ROWS):
                bias_name = bias = None  # written to after its module: kept as it was added
        causal = bool(getattr(module, "causal", False))
        checked = verification is not None
        held, verification = map_of_call(
            call, bias, kept, self.choice.dtype, self.transfers, verification
        )
        extras = self._extras(call, items, kept_heads)
        return AttentionRecord(
            module=around.name,
            stack=stack,
            layer=layer,
            kind="self" if call.tokens is None else "cross",
            call=around.count,
            forward=around.forward,
            use=around.use,
            shared=around.shared,
            batch=sizes.batch,
            map=held,
            heads=kept_heads,
            batch_items=items,
            places=self._places(sizes, around.video_shape, bias, causal, stack),
            num_null_kv=sizes.nulls,
            causal=causal,
            scale=float(getattr(module, "scale", 1.0)),
            branch=around.branch,
            step=around.step,
            words=() if call.tokens is None else self._words(call.tokens),
            key_mask=cut_mask(call.mask, items),
            cut_edges=_cut_edges(call, kept_heads),
            put_in=_put_in(call, kept_heads),
            alibi=cut_alibi(call.alibi, kept_heads),
            position_bias=bias_name,
            position=bias if bias_name else None,
            dense_bias=cut_bias(call.attn_bias, items, kept_heads) if bias_name is None else None,
            verification=verification,
            first_non_finite=None if checked else _first_non_finite(call),
            **extras,
        )

    def _places(
        self,
        sizes: Sizes,
        shape: Sequence[int] | None,
        bias: PositionBias | None,
        causal: bool,
        stack: str,
    ) -> Places:
        if shape is None and self.choice.grid is not None:
            shape = (self._videos(sizes.batch, sizes.queries), *self.choice.grid)
        return _places_of(
            sizes.batch,
            sizes.queries,
            None if shape is None else tuple(map(int, shape)),
            causal=causal,
            bias_dimensions=bias.dimensions if bias else None,
            stack=stack,
        )

    def _videos(self, batch: int, queries: int) -> int:
        t, h, w = self.choice.grid or (queries, 1, 1)
        per_video = {t * h * w: 1, h * w: t, t: h * w}.get(queries, 1)
        return max(1, batch // per_video)

    def _words(self, tokens: int) -> tuple[str, ...]:
        named = tuple(self.choice.words)
        return named + tuple(f"token {at + 1}" for at in range(len(named), tokens))

    def _extras(self, call: Call, items: Sequence[int], heads: Sequence[int]) -> dict[str, Any]:
        if not self.choice.extras:
            return {}
        module = call.module
        make = {
            "queries": lambda: call.edits.scaled(queries_of(module, required(call.q))),
            "keys": lambda: keys_of(module, required(call.kv)),
            "values": lambda: values_of(module, required(call.kv)),
        }
        wanted = {extra: make[extra]().detach() for extra in self.choice.extras - {"written"}}
        kept: dict[str, Any] = {
            extra: select_map(tensor, items, heads, torch.float32).cpu().numpy()
            for extra, tensor in wanted.items()
        }
        if call.writing is not None:
            values = make["values"]()
            kept["written"] = call.writing.settled(values, items, heads, self.transfers)
        return kept


def _cut_edges(call: Call, heads: Sequence[int]) -> np.ndarray | None:
    """Edges that an intervention cut, of recorded heads: 'i j', or 'h i j' where they differ."""
    cut = cut_of_heads(call.edits.cut, heads)
    return None if cut is None else cut.cpu().numpy()


def _put_in(call: Call, heads: Sequence[int]) -> tuple[int, ...]:
    """Recorded heads, as the model counts them, whose map is that of another run."""
    given = call.edits.put_in
    return () if given is None else tuple(head for head in heads if head in given.heads)


def _first_non_finite(call: Call) -> tuple[int, int] | None:
    if (sums := call.sums) is not None:
        return first_bad(~torch.isfinite(sums))
    return first_non_finite(required(call.x), call.parts.logsumexp if call.parts else None)
