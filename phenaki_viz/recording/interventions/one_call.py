"""One attention module while it is changed inside: what its hooks do to each of its calls."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.edits import NONE, Edits
from phenaki_viz.recording.arguments import call_arguments, first_of, with_arguments, with_first
from phenaki_viz.recording.families.phenaki import AttentionModule, null_keys, stack_and_layer
from phenaki_viz.recording.interventions.edges import check_left, cut_mask
from phenaki_viz.recording.interventions.in_force import HERE
from phenaki_viz.recording.interventions.inside import Inside, scaled, takes_edits
from phenaki_viz.recording.interventions.putting_in import heads_put_in, put_in
from phenaki_viz.recording.interventions.reading import Reading


class OneCall:
    """The call under way of one attention module.

    Classes of ours take `Edits` and make the changes where they compute; the published one is
    given a map without the edges that are cut, or another map, at its `attn_dropout`.
    """

    def __init__(self, module: AttentionModule, inside: Inside, reading: Reading | None) -> None:
        self.module, self.inside, self.reading = module, inside, reading
        self.stack, _ = stack_and_layer(inside.name)
        self.takes_edits = takes_edits(module)
        self.shape: Sequence[int] | None = None
        self._scaled: tuple[Any, Any] = (None, None)

    @property
    def changes_map_outside(self) -> bool:
        """Whether the map that the module made is changed before it is used."""
        return self.inside.changes_map and not self.takes_edits

    def see_shape(self, transformer: nn.Module, args: Any, kwargs: Any) -> None:
        """The transformer around it is told the video's shape."""
        named = dict(zip(("x", "video_shape"), args, strict=False)) | kwargs
        self.shape = named.get("video_shape")

    def begin(self, module: nn.Module, args: Any, kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """What the call is given instead."""
        x, mask, context, attn_bias = call_arguments(module, args, kwargs)
        changed: dict[str, Any] = {}
        if self.reading is not None and context is not None:
            was, (context, mask) = mask, self.reading.instead(self.module, context, mask)
            changed |= {"context": context} if mask is was else {"context": context, "mask": mask}
        if self.inside.position is not None and attn_bias is not None:
            changed["attn_bias"] = attn_bias = self._scale(attn_bias)
        edits = self._edits(x, mask, context, attn_bias)
        HERE.edits[self.module] = edits
        if self.takes_edits and edits is not NONE:
            changed["edits"] = edits
        return with_arguments(module, args, kwargs, **changed)

    def scale_alibi(
        self, module: nn.Module, args: Any, kwargs: Any, bias: torch.Tensor
    ) -> torch.Tensor:
        """ALiBi 'h i j' with other slopes."""
        return bias * bias.new_tensor(self.inside.alibi)[:, None, None]

    def change_map(self, module: nn.Module, args: Any, kwargs: Any) -> Any:
        """A map 'b h i j' without the edges that are cut, with the maps that are put in."""
        edits = HERE.edits.get(self.module, NONE)
        made = first_of(args, kwargs)
        attn = made if edits.cut is None else self._without(edits.cut, made, edits)
        if edits.put_in is not None:
            attn = edits.put_in.into(attn)
        return None if attn is made else with_first(args, kwargs, attn)

    def _without(self, cut: torch.Tensor, attn: torch.Tensor, edits: Edits) -> torch.Tensor:
        attn = attn.masked_fill(cut, 0)
        if edits.keeps_sums:
            sums = attn.sum(dim=-1, keepdim=True)
            if not (sums > 0).all():
                raise RecordingError(
                    f"{self.inside.name}: a query read nothing but what is cut, so its row cannot "
                    "be renormalised"
                )
            attn = attn / sums
        return attn

    def _scale(self, bias: Any) -> Any:
        """The bias scaled; layers that share one share the scaled one too, within a run."""
        before, made = self._scaled
        if before is not bias:
            made = scaled(bias, self.inside.position or ())
            self._scaled = bias, made
        return made

    def _edits(
        self,
        x: torch.Tensor,
        mask: torch.Tensor | None,
        context: torch.Tensor | None,
        attn_bias: Any,
    ) -> Edits:
        inside, cut = self.inside, None
        if inside.cuts:
            cut = cut_mask(inside.name, self.module, inside.cuts, x, context, attn_bias, self.shape)
            cut = self._in_other_heads(cut)
        if cut is not None and inside.keeps_sums:
            check_left(inside.name, self.module, cut, mask)
        scale = None if inside.scale is None else torch.tensor(inside.scale, device=x.device)
        maps = None
        if inside.maps:
            nulls = null_keys(self.module)
            shape = len(x), x.shape[1], nulls + (x if context is None else context).shape[1], nulls
            maps = put_in(inside.name, self.module, inside.maps, mask, shape)
        if scale is None and cut is None and maps is None:
            return NONE
        return Edits(scale=scale, cut=cut, keeps_sums=inside.keeps_sums, put_in=maps)

    def _in_other_heads(self, cut: torch.Tensor | None) -> torch.Tensor | None:
        """Edges 'i j' or 'h i j' that are cut: of heads with the map of another run, none are."""
        heads = list(heads_put_in(self.module, self.inside.maps))
        if cut is None or not heads:
            return cut
        cut = cut.expand(self.module.heads, *cut.shape[-2:]).clone()
        cut[heads] = False
        return cut
