"""A model's modules by name: what every recording looks through."""

from typing import Any

import torch
from torch import nn

Named = tuple[str, nn.Module]


def modules_of(model: nn.Module, *, again: bool = False) -> list[Named]:
    """What `named_modules` gives, in its order, in a fraction of its time.

    again: modules with several names under each of them.
    """
    found: list[Named] = [("", model)]
    _walk("", model, found)
    return found if again else once(found)


def _walk(prefix: str, module: nn.Module, found: list[Named]) -> None:
    """Not a function inside the other: one that calls itself keeps all it knows for the collector
    of garbage, here the model.
    """
    for child, part in module._modules.items():
        if part is not None:
            name = prefix + child
            found.append((name, part))
            if part._modules:  # most have none, and a call for each would be half of the walk
                _walk(f"{name}.", part, found)


def once(found: list[Named]) -> list[Named]:
    """Modules by the first of their names; the very list where none has another."""
    if len({id(module) for _, module in found}) == len(found):
        return found
    first: dict[int, Named] = {}
    for one in found:
        first.setdefault(id(one[1]), one)
    return list(first.values())


def attribute_of(module: nn.Module, name: str) -> Any:
    """A module's parameter, part or other attribute by its name; None where it has none.

    As `getattr`, but what is there is found without the exception that PyTorch raises and catches
    on the way to it: this is asked in every layer.
    """
    for kind in (module._parameters, module._modules):
        found = kind.get(name)
        if found is not None:
            return found
    return getattr(module, name, None)


def first_weight(every: list[Named]) -> torch.Tensor | None:
    """A model's first parameter, as it is now; None where it has none."""
    for _, module in every:
        for weight in module._parameters.values():
            if weight is not None:
                return weight
    return None
