"""What an attention module is called with, by the names of its own forward."""

import inspect
from functools import lru_cache
from typing import Any

import torch
from torch import nn

PUBLISHED = ("x", "mask", "context", "attn_bias")  # in the order of the published forward


def call_arguments(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Any, Any, Any]:
    """(x, mask, context, attn_bias) of an attention call, however they were passed.

    x is the forward's first argument, whatever its name; the others are known by theirs.
    """
    its_class: Any = type(module)
    names = _positional(its_class)
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    x = given.get("x")
    if x is None:
        x = args[0] if args else given.get(names[0])
    return x, given.get("mask"), given.get("context"), given.get("attn_bias")


def with_arguments(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], **changed: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a call is given, with some of it changed; all else as it was passed."""
    its_class: Any = type(module)
    places = {name: at for at, name in enumerate(_positional(its_class)[: len(args)])}
    given = [*args]
    for name, value in changed.items():
        if name in places:
            given[places[name]] = value
        else:
            kwargs = {**kwargs, name: value}
    return tuple(given), kwargs


def first_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a part is given first, by position or by whatever name; None where it is nothing."""
    return args[0] if args else next(iter(kwargs.values()), None)


def with_first(
    args: tuple[Any, ...], kwargs: dict[str, Any], first: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a part is given, with another first argument."""
    if args:
        return (first, *args[1:]), kwargs
    name = next(iter(kwargs))
    return (), {**kwargs, name: first}


def key_mask_of(mask: Any, items: int, keys: int) -> torch.Tensor | None:
    """A copy of a mask 'b n', as bool; None of what is no mask of items and real keys.

    A float mask is added to the scores, and hides where it is low: it is none.
    """
    if not isinstance(mask, torch.Tensor) or mask.is_floating_point() or mask.ndim != 2:
        return None
    if mask.shape[0] not in (1, items) or mask.shape[1] != keys:
        return None
    mask = mask.detach().clone() if mask.dtype == torch.bool else mask != 0
    return mask.expand(items, keys)


def tensor_of(output: Any) -> torch.Tensor | None:
    """The tensor that a module returned, or the first of several things; None where it is none."""
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    return output if isinstance(output, torch.Tensor) else None


@lru_cache(maxsize=1024)
def _positional(of_class: Any) -> tuple[str, ...]:
    """Names of what its forward takes by position, as published where that cannot be told."""
    try:
        of_forward = list(inspect.signature(of_class.forward).parameters.values())[1:]
    except (TypeError, ValueError):
        return PUBLISHED
    names = [one.name for one in of_forward if one.kind is one.POSITIONAL_OR_KEYWORD]
    any_number = any(one.kind is one.VAR_POSITIONAL for one in of_forward)
    return PUBLISHED if any_number or not names else tuple(names)
