"""What is in force in this thread: asked by whoever records a model while it is intervened in."""

import threading
import weakref
from typing import Any

import torch
from torch import nn

from phenaki_viz.numerics.edits import NONE, Edits
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.interventions.kinds import Interventions

Bias = torch.Tensor | OffsetBias


class _Thread(threading.local):
    """left_out: modules of layers that are cut away. edits: of the call under way of a module.

    edited: attention modules that are changed inside. slopes: 'h' factors by the module that makes
    ALiBi. sources: by its id, a scaled bias, and what it was made of. given: models with their
    interventions, the outermost block first.
    """

    def __init__(self) -> None:
        self.left_out: set[nn.Module] = set()
        self.edited: set[nn.Module] = set()
        self.edits: dict[nn.Module, Edits] = {}
        self.slopes: dict[nn.Module, torch.Tensor] = {}
        self.given: list[tuple[nn.Module, Interventions]] = []
        self.sources: dict[int, tuple[weakref.ref[Any], Any]] = {}


HERE = _Thread()


def is_left_out(module: nn.Module) -> bool:
    """Whether a module lies in a layer that this thread has cut away: what it does is unused."""
    return module in HERE.left_out


def edits_of(module: nn.Module) -> Edits:
    """What is changed inside the call of an attention module that is under way."""
    return HERE.edits.get(module, NONE)


def slopes_of(alibi: nn.Module) -> torch.Tensor:
    """The slopes that an ALiBi module adds now: 'h'."""
    given: Any = alibi.slopes
    slopes: torch.Tensor = given.detach().reshape(-1)
    factors = HERE.slopes.get(alibi)
    return slopes if factors is None else slopes * factors.to(slopes)


def note_source(bias: Bias, source: Bias) -> None:
    """Remember, while both are there, that an intervention made a bias of another."""
    sources, key = HERE.sources, id(bias)
    sources[key] = weakref.ref(bias, lambda _: sources.pop(key, None)), source


def source_of(bias: Bias) -> Bias | None:
    """The bias that a scaled one was made of, or None."""
    made, source = HERE.sources.get(id(bias), (None, None))
    return source if made is not None and made() is bias else None


def any_given() -> bool:
    """Whether any intervention is in force in this thread, in whatever model."""
    return bool(HERE.given)


def given_in(model: nn.Module) -> Interventions:
    """The interventions in force in a model, or in one that it is a part of or has as a part."""
    found: dict[Any, None] = {}
    for root, given in HERE.given:
        if root is model or _is_part(model, root) or _is_part(root, model):
            found |= dict.fromkeys(given)
    return tuple(found)


def _is_part(module: nn.Module, of: nn.Module) -> bool:
    return any(each is module for each in of.modules())
