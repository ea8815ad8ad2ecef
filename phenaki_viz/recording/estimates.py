"""What a recording will cost, known before the model runs: shapes only, on the meta device."""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.families.phenaki import AttentionModule, attention_modules, null_keys


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
    allocated. Raises RecordingError when the model cannot run on shapes alone (it looks at
    values); then `record` still checks its limit before every module.
    """
    shapes: list[int] = []
    twin = _without_storage(model)
    for module in attention_modules(twin).values():
        module.register_forward_pre_hook(
            lambda module, args, kwargs: shapes.append(_cells_of_call(module, args, kwargs)),
            with_kwargs=True,
        )
    try:
        with torch.no_grad():
            twin(*_meta(args), **_meta(kwargs))
    except Exception as error:
        raise RecordingError(f"the model cannot be estimated on shapes alone: {error}") from error
    sizes = [cells * dtype.itemsize for cells in shapes]
    return Estimate(bytes=sum(sizes), calls=len(sizes), largest=max(sizes, default=0))


def map_cells(module: AttentionModule, x: torch.Tensor, context: torch.Tensor | None) -> int:
    """Weights in the map of one call, b·h·i·j, from what `Attention.forward` is given."""
    keys = (x if context is None else context).shape[1] + null_keys(module)
    return x.shape[0] * module.heads * x.shape[1] * keys


def part_cells(module: AttentionModule, x: torch.Tensor, context: torch.Tensor | None) -> int:
    """Numbers that a factored map takes: queries, keys and a sum for each row."""
    keys = (x if context is None else context).shape[1] + null_keys(module)
    dim_head = module.q_scale.shape[-1]  # not of to_q: it may be an adapter around the layer
    return x.shape[0] * module.heads * (x.shape[1] * (dim_head + 1) + keys * dim_head)


def call_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    """(x, mask, context, attn_bias) of an attention call, however they were passed."""
    named = dict(zip(("x", "mask", "context", "attn_bias"), args, strict=False)) | kwargs
    return named["x"], named.get("mask"), named.get("context"), named.get("attn_bias")


def _cells_of_call(module: AttentionModule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    x, _, context, _ = call_arguments(args, kwargs)
    return map_cells(module, x, context)


def _without_storage(model: nn.Module) -> nn.Module:
    memo: dict[int, Any] = {
        id(tensor): torch.nn.Parameter(tensor.to("meta"), requires_grad=False)
        for tensor in model.parameters()
    }
    memo |= {id(tensor): tensor.to("meta") for tensor in model.buffers()}
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
    if isinstance(value, (tuple, list)):
        return type(value)(_meta(item) for item in value)
    return value
