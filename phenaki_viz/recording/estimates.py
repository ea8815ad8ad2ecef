"""What a recording will cost, known before the model runs: shapes only, on the meta device."""

import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.arguments import call_arguments
from phenaki_viz.recording.compiled import eagerly, uncompiled
from phenaki_viz.recording.families.phenaki import (
    AttentionModule,
    attention_modules,
    head_width,
    null_keys,
)


@dataclass(frozen=True)
class Estimate:
    """bytes: of all maps together. calls: how many attention calls. largest: bytes of one map."""

    bytes: int
    calls: int
    largest: int


def estimate(
    model: nn.Module, *args: Any, dtype: torch.dtype = torch.float32, **kwargs: Any
) -> Estimate:
    """Bytes that `record(model)` would keep of `model(*args, **kwargs)`, without computing it.

    Runs a copy without storage on PyTorch's meta device, so shapes are exact and nothing is
    allocated; what was compiled runs uncompiled. Raises RecordingError when the model cannot be
    copied or run on shapes alone (it looks at values); then `record` still checks its limit before
    every module.
    """
    if not isinstance(model, nn.Module):
        raise RecordingError(f"estimate() takes a torch.nn.Module, got {type(model).__name__}")
    shapes: list[int] = []
    try:
        twin = _without_storage(uncompiled(model))
        for module in attention_modules(twin).values():
            module.register_forward_pre_hook(
                lambda module, args, kwargs: shapes.append(_cells_of_call(module, args, kwargs)),
                with_kwargs=True,
            )
        with eagerly(), torch.no_grad():
            twin(*_meta(args), **_meta(kwargs))
    except Exception as error:
        raise RecordingError(f"the model cannot be estimated on shapes alone: {error}") from error
    sizes = [cells * dtype.itemsize for cells in shapes]
    return Estimate(bytes=sum(sizes), calls=len(sizes), largest=max(sizes, default=0))


class Sizes(NamedTuple):
    """Of one attention call. keys: with `nulls` null ones, which come first."""

    batch: int
    heads: int
    queries: int
    keys: int
    nulls: int
    dim_head: int

    @property
    def map_cells(self) -> int:
        """Weights in its map, b·h·i·j."""
        return self.batch * self.heads * self.queries * self.keys

    @property
    def part_cells(self) -> int:
        """Numbers that its map takes if factored: queries, keys and a sum for each row."""
        each = self.queries * (self.dim_head + 1) + self.keys * self.dim_head
        return self.batch * self.heads * each


def sizes_of(module: AttentionModule, x: torch.Tensor, context: torch.Tensor | None) -> Sizes:
    """The sizes of a call, from what `Attention.forward` is given: 'b … d' of tokens in a grid."""
    nulls, shape = null_keys(module), x.shape
    queries = shape[1:-1].numel()
    read = queries if context is None else context.shape[1:-1].numel()
    return Sizes(shape[0], module.heads, queries, read + nulls, nulls, head_width(module))


def _cells_of_call(module: AttentionModule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    x, _, context, _ = call_arguments(module, args, kwargs)
    return sizes_of(module, x, context).map_cells


def _without_storage(model: nn.Module) -> nn.Module:
    memo: dict[int, Any] = {
        id(tensor): torch.nn.Parameter(tensor.to("meta"), requires_grad=False)
        for tensor in model.parameters()
    }
    rest = [value for module in model.modules() for value in vars(module).values()]
    beside = [value for value in rest if isinstance(value, torch.Tensor)]
    memo |= {id(tensor): tensor.detach().to("meta") for tensor in (*model.buffers(), *beside)}
    twin = copy.deepcopy(model, memo)
    for module in twin.modules():
        module._forward_hooks.clear()
        module._forward_pre_hooks.clear()
    return twin


def _meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to("meta")
    if isinstance(value, dict):
        return {key: _meta(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_meta, value))
    if isinstance(value, (tuple, list)):
        return type(value)(_meta(item) for item in value)
    return value
