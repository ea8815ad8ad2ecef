"""The record of one attention call, made of what the hooks caught and of where it happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from phenaki_viz.recording.choice import Choice
from phenaki_viz.recording.cuts import (
    cut_alibi,
    cut_bias,
    cut_map,
    cut_mask,
    first_non_finite,
    stack_and_layer,
)
from phenaki_viz.recording.duck import AttentionModule, null_keys
from phenaki_viz.recording.keeping import Call, keep, seen
from phenaki_viz.recording.places import Places, infer_places
from phenaki_viz.recording.records import AttentionRecord, PositionBias
from phenaki_viz.recording.transfers import Transfers
from phenaki_viz.recording.verify import is_what_was_added, keys_of, queries_of, values_of

BIAS_ROWS = 2  # of a position bias that are compared with what its module gave


@dataclass(kw_only=True)
class Surroundings:
    """Where a call happened.

    name: of the layer. count: calls by that name before. forward, use, shared: see
    `AttentionRecord`. video_shape: 'b t h w' as its transformer was told, or None. branch, step: of
    the sampling, or None. bias: the position bias it was given and its name, or None.
    """

    name: str
    count: int
    forward: int
    use: int
    shared: tuple[str, ...]
    video_shape: Sequence[int] | None
    branch: str | None
    step: int | None
    bias: tuple[str, PositionBias] | None = None


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Makes the records of one recording."""

    choice: Choice
    transfers: Transfers = field(default_factory=Transfers)

    def build(
        self, module: AttentionModule, call: Call, output: torch.Tensor, around: Surroundings
    ) -> AttentionRecord:
        """The record of a call that returned `output`, 'b i dim'."""
        batch, queries, _ = output.shape
        items, kept_heads = self.choice.kept(batch, module.heads)
        stack, layer = stack_and_layer(around.name)
        bias_name, bias = around.bias or (None, None)
        given = call.attn_bias
        if bias and given is not None and not is_what_was_added(given, bias, BIAS_ROWS):
            bias_name = bias = None  # written to after its module: kept as it was added
        causal = bool(getattr(module, "causal", False))
        with torch.no_grad():
            kept = keep(module, call, bias, output, self.choice, self.transfers)
            extras = self._extras(module, call, items, kept_heads)
        return AttentionRecord(
            module=around.name,
            stack=stack,
            layer=layer,
            kind="self" if call.context is None else "cross",
            call=around.count,
            forward=around.forward,
            use=around.use,
            shared=around.shared,
            batch=batch,
            map=kept.map,
            heads=kept_heads,
            batch_items=items,
            places=self._places(batch, queries, around.video_shape, bias, causal, stack),
            num_null_kv=null_keys(module),
            causal=causal,
            scale=float(getattr(module, "scale", 1.0)),
            branch=around.branch,
            step=around.step,
            words=self._words(call),
            key_mask=cut_mask(call.mask, items),
            alibi=cut_alibi(kept.alibi, kept_heads),
            position_bias=bias_name,
            dense_bias=cut_bias(call.attn_bias, items, kept_heads) if bias_name is None else None,
            verification=kept.verification,
            first_non_finite=first_non_finite(call.x, call.parts.logsumexp if call.parts else None),
            **extras,
        )

    def _places(
        self,
        batch: int,
        queries: int,
        shape: Sequence[int] | None,
        bias: PositionBias | None,
        causal: bool,
        stack: str,
    ) -> Places:
        if shape is None and self.choice.grid is not None:
            shape = (self._videos(batch, queries), *self.choice.grid)
        dimensions = bias.dimensions if bias else None
        return infer_places(
            batch, queries, shape, causal=causal, bias_dimensions=dimensions, stack=stack
        )

    def _videos(self, batch: int, queries: int) -> int:
        t, h, w = self.choice.grid or (queries, 1, 1)
        per_video = {t * h * w: 1, h * w: t, t: h * w}.get(queries, 1)
        return max(1, batch // per_video)

    def _words(self, call: Call) -> tuple[str, ...]:
        if call.context is None:
            return ()
        tokens = call.context.shape[1]
        named = tuple(self.choice.words)
        return named + tuple(f"token {at + 1}" for at in range(len(named), tokens))

    def _extras(
        self, module: AttentionModule, call: Call, items: Sequence[int], heads: Sequence[int]
    ) -> dict[str, Any]:
        make = {
            "queries": lambda: queries_of(module, seen(call.q)),
            "keys": lambda: keys_of(module, seen(call.kv)),
            "values": lambda: values_of(module, seen(call.kv)),
        }
        wanted = {extra: make[extra]().detach() for extra in self.choice.extras}
        return {
            extra: cut_map(tensor, items, heads, torch.float32).numpy()
            for extra, tensor in wanted.items()
        }
