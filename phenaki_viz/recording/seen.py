"""What hooks see of a call while it is under way: projections, its map or what it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from phenaki_viz import alignment
from phenaki_viz.recording.building import CallContext
from phenaki_viz.recording.call_maps import Call, Parts
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.interventions.in_force import slopes_of
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.verify import Sample


@dataclass(frozen=True)
class Seen:
    """Hooks that note in a call what passes by; of a module whose call is not recorded, nothing.

    calls: under way, by the names of their modules.
    """

    calls: Mapping[str, tuple[Call, CallContext]]
    choice: RecordOptions

    def projection(
        self, name: str, which: str, module: nn.Module, args: Any, output: torch.Tensor
    ) -> None:
        """Queries ("q"), or keys and values ("kv")."""
        if name in self.calls:
            setattr(self.calls[name][0], which, output.detach())

    def alibi(self, name: str, module: nn.Module, args: Any, bias: torch.Tensor) -> None:
        """The slopes of ALiBi, and how far what was added is from what they give."""
        if name not in self.calls:
            return
        slopes = slopes_of(module)
        if len(args) > 1:  # of a run of rows: what is added to them is not worth keeping
            self.calls[name][0].alibi = (slopes, 0.0)
            return
        i, j = args[0].shape[-2:]
        rows = Sample.of(1, i, 1, self.choice.verify_rows).rows
        query, key = (torch.arange(size, device=bias.device) for size in (i, j))
        exact = alignment.alibi(slopes, alignment.distance(query[rows], key, i, j))
        seen = bias.detach().reshape(-1, *bias.shape[-2:])[: len(slopes)]
        fits = seen.shape[-2:] == (i, j)
        error = (seen[:, rows] - exact).abs().max() if fits else float("inf")
        self.calls[name][0].alibi = (slopes, error)

    def map(self, name: str, module: nn.Module, args: tuple[torch.Tensor]) -> None:
        """The very tensor that multiplies the values."""
        if name in self.calls:
            attn = args[0].detach()
            written = getattr(module, "inplace", False) and module.training
            self.calls[name][0].attn = attn.clone() if written else attn

    def parts(self, name: str, module: nn.Module, args: tuple[Any, ...]) -> None:
        """What fused attention used instead of a map."""
        if name in self.calls:
            q, k, logsumexp, precision = args
            self.calls[name][0].parts = Parts(
                _detached(q), _detached(k), _detached(logsumexp), precision
            )

    def mixed(
        self, name: str, attention: AttentionModule, module: nn.Module, args: Any, kwargs: Any
    ) -> None:
        """The values as the map mixed them, before they are projected."""
        if name in self.calls:
            mixed = next(iter((*args, *kwargs.values())), None)
            self.calls[name][0].see_mixed(attention, mixed, self.choice)


def _detached(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach() if tensor.requires_grad else tensor
