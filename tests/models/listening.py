"""Listening to attention with plain PyTorch hooks, as a user would."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import torch
from torch import nn

Maps = dict[str, list[torch.Tensor]]


@contextmanager
def maps_of(model: nn.Module) -> Iterator[Maps]:
    """Every map that `model` makes meanwhile: one a call, by the name of its attention module."""
    maps: Maps = {}
    with ExitStack() as hooks:
        for name, module in model.named_modules():
            if hasattr(module, "attn_dropout"):
                keep = partial(_keep, maps.setdefault(name, []))
                hooks.callback(module.attn_dropout.register_forward_pre_hook(keep).remove)
        yield maps


def _keep(heard: list[torch.Tensor], module: nn.Module, args: tuple[torch.Tensor]) -> None:
    heard.append(args[0])


def hear(model: nn.Module, *args, **kwargs) -> tuple[torch.Tensor, Maps]:
    """The output of a call with somebody listening, and the maps."""
    with maps_of(model) as maps:
        return model(*args, **kwargs), maps


def only_map(model: nn.Module, *args, **kwargs) -> torch.Tensor:
    """The one map of a call of one attention module: 'b h i j'."""
    _, maps = hear(model, *args, **kwargs)
    ((attn,),) = maps.values()
    return attn
