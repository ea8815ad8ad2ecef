"""What made a recording: the model and its settings, digests of weights and inputs, versions."""

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from torch import nn

from phenaki_viz.recording.digests import input_digest, weights_digest
from phenaki_viz.recording.facts import FACTS, facts_of
from phenaki_viz.recording.families.phenaki import Listened, listened


def origin_of(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    digest: str = "",
    found: Listened | None = None,
) -> dict[str, Any]:
    """All of it, JSON-able, for a model and what it was called with.

    digest: of the input, or a word in its place until it is known. found: what the model is made
    of, if that is at hand.
    """
    config, made_of = getattr(model, "config", None), found or listened(model)
    return {
        "model": type(model).__name__,
        "config": _as_dict(config),
        "seed": getattr(config, "seed", None),
        "random_weights": bool(getattr(model, "random_weights", False)),
        "assumed": _said(model, "assumed"),  # settings that its checkpoint does not say
        "notes": _said(model, "opened_notes"),
        "weights_digest": _if_any(lambda: weights_digest(model, made_of.every)),
        "input_digest": digest or _if_any(lambda: input_digest(args, kwargs)),
        "versions": versions(),
        FACTS: facts_of(model, made_of.parents),
    }


def unknown(error: Exception) -> str:
    """What stands in a digest's place that could not be made."""
    return f"unknown ({type(error).__name__}: {str(error)[:100]})"


def _if_any(digest: Callable[[], str]) -> str:
    """A digest; numbers that cannot be read are no reason to know nothing else of the model."""
    try:
        return digest()
    except Exception as error:
        return unknown(error)


@cache
def versions() -> dict[str, str]:
    """Versions of this package and of what computes; 'checkout' when it is not installed."""
    found = {}
    for package in ("phenaki-viz", "torch", "einops", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "checkout"
    return found


def _said(model: nn.Module, what: str) -> list[str]:
    """What a checkpoint left on its model, or on the parts that another model was made of."""
    for part in (model, *model._modules.values()):
        if part is not None and (left := vars(part).get(what)):
            return list(left)
    return []


def _as_dict(config: Any) -> dict[str, Any] | None:
    return asdict(config) if is_dataclass(config) and not isinstance(config, type) else None
