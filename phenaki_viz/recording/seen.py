"""What hooks see of an attention call while it is under way: its map, or what that is made of."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from phenaki_viz import alignment
from phenaki_viz.recording.arguments import first_of, tensor_of
from phenaki_viz.recording.call import Call, Parts
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.interventions.in_force import slopes_of
from phenaki_viz.recording.maps import Storage
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.samples import Sample


@dataclass(eq=False)
class Seen:
    """What the hooks of one attention module note in its call; while none is recorded, nothing.

    call: the one under way. storage: of the last map, or None.
    """

    name: str
    module: AttentionModule
    choice: RecordOptions
    call: Call | None = None
    storage: Storage | None = None

    def queries(self, module: nn.Module, args: Any, output: Any) -> None:
        """The output of `to_q`."""
        projected = tensor_of(output)
        if self.call is not None and projected is not None:
            self.call.q = projected.detach()

    def keys_and_values(self, module: nn.Module, args: Any, output: Any) -> None:
        """The output of `to_kv`."""
        projected = tensor_of(output)
        if self.call is not None and projected is not None:
            self.call.kv = projected.detach()

    def alibi(self, module: nn.Module, args: Any, bias: torch.Tensor) -> None:
        """The slopes of ALiBi, and how far what was added is from what they give."""
        if self.call is None:
            return
        slopes = slopes_of(module)
        if len(args) > 1:  # of a run of rows: what is added to them is not worth keeping
            self.call.alibi = (slopes, 0.0)
            return
        i, j = args[0].shape[-2:]
        rows = Sample.of(1, i, 1, self.choice.verify_rows).rows
        query, key = (torch.arange(size, device=bias.device) for size in (i, j))
        exact = alignment.alibi(slopes, alignment.distance(query[rows], key, i, j))
        seen = bias.detach().reshape(-1, *bias.shape[-2:])[: len(slopes)]
        fits = seen.shape[-2:] == (i, j)
        error = (seen[:, rows] - exact).abs().max() if fits else float("inf")
        self.call.alibi = (slopes, error)

    def map(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """The very tensor that multiplies the values."""
        if self.call is None:
            return
        attn = first_of(args, kwargs)
        if isinstance(attn, torch.Tensor):
            written = getattr(module, "inplace", False) and module.training
            self.call.see_map(attn.detach().clone() if written else attn.detach(), self.choice)

    def parts(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """What fused attention used instead of a map, and the values if it tells them."""
        if self.call is not None:
            q, k, logsumexp, precision = args
            self.call.parts = Parts(_detached(q), _detached(k), _detached(logsumexp), precision)
            if "values" in kwargs:
                self.call.values = _detached(kwargs["values"])

    def mixed(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """The values as the map mixed them, before they are projected."""
        if self.call is not None:
            self.call.see_mixed(first_of(args, kwargs), self.choice)


def _detached(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach() if tensor.requires_grad else tensor
