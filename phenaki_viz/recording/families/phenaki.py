"""Which modules of a model are attention, position bias or transformer: told by what they have.

Models built of the published phenaki-pytorch classes answer as well as ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast

import torch
from torch import nn

from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.compiled import ORIGINAL
from phenaki_viz.recording.walking import Named, attribute_of, modules_of, once

# Not null_kv: code of 2022 and 2023 has none, or None, where there are no null key/values.
_UNSCALED = frozenset(("to_q", "to_kv", "to_out", "attn_dropout", "heads"))
_ATTENTION = _UNSCALED | {"q_scale", "k_scale"}
_BIAS = frozenset(("net", "num_dims", "log_dist"))
_TRANSFORMER = frozenset(("layers", "norm_out"))
_GUIDED = frozenset(("forward_with_cond_scale",))  # asked with and without its text
# One of each kind, to pass by the many modules that are of none: parts, methods or numbers.
_TELLING = frozenset(("to_kv", "num_dims", "norm_out", "forward_with_cond_scale"))


class AttentionModule(nn.Module):
    """What an attention module has, ours or the published one: a type, never instantiated."""

    heads: int
    scale: float
    causal: bool
    to_q: nn.Linear
    to_kv: nn.Linear
    to_out: nn.Linear
    attn_dropout: nn.Dropout
    null_kv: torch.Tensor  # or None: ask `null_keys` first
    q_scale: torch.Tensor
    k_scale: torch.Tensor
    rel_pos_bias: nn.Module
    attn_parts: nn.Module  # ours alone


class _Surfaced(Protocol):
    def surface(self, *dimensions: int) -> torch.Tensor: ...


@dataclass(frozen=True)
class Listened:
    """What a recording listens to, each by dotted name in the order of registration.

    shared: of an attention module that stands in several layers of a stack, its name in each, by
    the first of them. every: all modules, each by its first name. parents: those that have parts.
    unscaled: names of attention that is not listened to, as it has no scales of its queries and
    keys.
    """

    attention: dict[str, AttentionModule]
    transformers: dict[str, nn.Module]
    guided: dict[str, nn.Module]
    position_biases: dict[str, nn.Module]
    shared: dict[str, tuple[str, ...]]
    every: list[Named]
    parents: list[Named]
    unscaled: tuple[str, ...] = ()


def listened(model: nn.Module) -> Listened:
    """What a recording of this model listens to, found in one walk over its modules.

    Nothing of it is remembered: a layer may be replaced or cut away before the next recording, and
    to look is a tenth of a millisecond.
    """
    every = _named(model, again=True)
    single = once(every)
    parents = [one for one in single if one[1]._modules]
    attention, transformers, guided, biases, attentive = _having(
        parents, _ATTENTION, _TRANSFORMER, _GUIDED, _BIAS, _UNSCALED
    )
    attending = cast(dict[str, AttentionModule], attention)
    return Listened(
        attention=attending,
        transformers=transformers,
        guided=guided,
        position_biases=biases,
        shared={} if single is every else _shared(attending, every),
        every=single,
        parents=parents,
        unscaled=tuple(name for name in attentive if name not in attention),
    )


def _shared(
    attention: dict[str, AttentionModule], every: Sequence[Named]
) -> dict[str, tuple[str, ...]]:
    """Modules that serve several layers of one stack; other second names are the same layer's."""
    names: dict[int, list[str]] = {}
    for name, module in every:
        names.setdefault(id(module), []).append(name)
    shared = {}
    for name, module in attention.items():
        stack, _ = stack_and_layer(name)
        layers = [other for other in names[id(module)] if stack_and_layer(other)[0] == stack]
        if len(layers) > 1:
            shared[name] = tuple(sorted(layers, key=lambda other: stack_and_layer(other)[1]))
    return shared


@lru_cache(maxsize=1024)
def stack_and_layer(name: str) -> tuple[str, int]:
    """'enc.layers.0.1' is layer 0 of 'enc'; a name of another form is a stack of its own."""
    parts = name.split(".")
    if len(parts) >= 3 and parts[-3] == "layers" and parts[-2].isdigit():
        return ".".join(parts[:-3]), int(parts[-2])
    return name, 0


def _named(model: nn.Module, *, again: bool = False) -> list[Named]:
    """Modules by the names that they have before torch.compile wraps them. again: `modules_of`."""
    found = modules_of(model, again=again)
    if ORIGINAL not in "\n".join([name for name, _ in found]):
        return found
    return [(_plain(name), module) for name, module in found]


def _plain(name: str) -> str:
    return ".".join(part for part in name.split(".") if part != ORIGINAL)


def attention_modules(model: nn.Module) -> dict[str, AttentionModule]:
    """Every attention module by dotted name, in the order of registration."""
    return cast(dict[str, AttentionModule], _having(_named(model), _ATTENTION)[0])


def position_bias_modules(model: nn.Module) -> dict[str, nn.Module]:
    """Every continuous position bias by dotted name."""
    return _having(_named(model), _BIAS)[0]


def transformer_modules(model: nn.Module) -> dict[str, nn.Module]:
    """Every transformer (a stack of layers that is told the video's shape) by dotted name."""
    return _having(_named(model), _TRANSFORMER)[0]


def branch_of(name: str, module: nn.Module, kwargs: dict[str, Any]) -> str | None:
    """Which pass of guidance a call is, from its `cond_drop_prob`; None when it is neither.

    'conditional', 'unconditional', and the same of a critic.
    """
    passes = {0.0: "conditional", 1.0: "unconditional"}
    branch = passes.get(kwargs.get("cond_drop_prob", -1.0))
    critic = "critic" in name.lower() or "critic" in type(module).__name__.lower()
    return f"critic, {branch}" if branch and critic else branch


def null_keys(module: AttentionModule) -> int:
    """Null key/values of an attention module, from the tensor that holds them; 0 without one."""
    nulls = attribute_of(module, "null_kv")
    return 0 if nulls is None else int(nulls.shape[-2] // 2)


def head_width(module: AttentionModule) -> int:
    """Numbers of a head's queries, from what scales them, one for each.

    Where one number scales them all, from what to_q gives; 1 where it does not say, as an adapter
    around it may not.
    """
    width = int((1, *attribute_of(module, "q_scale").shape)[-1])
    if width > 1:
        return width
    given = getattr(attribute_of(module, "to_q"), "out_features", None)
    return given // module.heads if isinstance(given, int) else width


def parts_of(module: AttentionModule) -> nn.Module | None:
    """Where it hands over what its map can be made of; None of a published class."""
    parts: nn.Module | None = attribute_of(module, "attn_parts")
    return parts


def tells_values(parts: nn.Module | None) -> bool:
    """Whether this place is told the values too."""
    return bool(getattr(parts, "tells_values", False))


def missing_attention(model: nn.Module) -> str:
    """Why no module of a model is an attention module that can be recorded, in a sentence."""
    wanted = "to_q, to_kv, to_out, attn_dropout, heads, q_scale and k_scale"
    said = f"{type(model).__name__} has no attention module: looked for modules with {wanted}"
    every = _named(model)
    if scripted := scripted_attention(every):
        return (
            f"attention of {type(model).__name__} is TorchScript ({scripted[0]}), which calls no "
            "Python hooks: record the model that it was made of"
        )
    older = [name or "it" for name in _having(every, _UNSCALED)[0]]
    if not older:
        return said
    return (
        f"{type(model).__name__} has attention without q_scale and k_scale ({older[0]}), as in "
        "phenaki-pytorch before 0.3.0: a plain scaled dot product, whose maps this program does "
        "not read. Use the attention of 0.3.0 or later"
    )


def scripted_attention(every: Sequence[Named]) -> tuple[str, ...]:
    """Names of attention that was scripted or traced: it has the parts, and calls no hooks."""
    return tuple(
        name
        for name, module in every
        if "to_kv" in module._modules and isinstance(module, torch.jit.ScriptModule)
    )


def position_surface(module: nn.Module, *dimensions: int) -> torch.Tensor:
    """A position bias over its distinct offsets: 'h (2d-1)…' float32, at any size.

    A published ContinuousPositionBias has no `surface`: it is evaluated densely and gathered.
    """
    device = next(module.parameters()).device
    if hasattr(module, "surface"):
        return cast(_Surfaced, module).surface(*dimensions)
    return surface_of(module(*dimensions, device=device), dimensions)


def surface_of(bias: torch.Tensor | OffsetBias, dimensions: tuple[int, ...]) -> torch.Tensor:
    """Gather 'h i j' into 'h (2d-1)…': each offset is read at one pair of positions that has it."""
    if isinstance(bias, OffsetBias):
        return bias.surface
    grids = torch.meshgrid(
        *(torch.arange(1 - d, d, device=bias.device) for d in dimensions), indexing="ij"
    )
    query = torch.zeros_like(grids[0])
    key = torch.zeros_like(grids[0])
    for offset, size in zip(grids, dimensions, strict=True):
        query = query * size + offset.clamp(min=0)
        key = key * size + (-offset).clamp(min=0)
    return bias[:, query, key]


def _having(named: Sequence[Named], *kinds: frozenset[str]) -> list[dict[str, nn.Module]]:
    """For each kind, the modules that have all of its attributes; all that is looked for has parts.

    hasattr, without the exceptions that nn.Module raises and catches.
    """
    found: list[dict[str, nn.Module]] = [{} for _ in kinds]
    for name, module in named:
        parts = module._modules
        if not parts or not isinstance(parts, dict):  # TorchScript's parts are in no dict
            continue
        its_class: Any = type(module)
        own, of_class = module.__dict__, _of_class(its_class)
        without = parts.keys().isdisjoint(_TELLING) and own.keys().isdisjoint(_TELLING)
        if without and of_class.isdisjoint(_TELLING):
            continue
        held = [name for name, one in own["_parameters"].items() if one is not None]
        has = of_class.union(own, parts, held, own["_buffers"])
        for attributes, alike in zip(kinds, found, strict=True):
            if attributes <= has:
                alike[name] = module
    return found


@lru_cache(maxsize=1024)
def _of_class(its_class: Any) -> frozenset[str]:
    """What is looked for that all modules of a class have."""
    every = _ATTENTION | _TRANSFORMER | _GUIDED | _BIAS
    return frozenset([attribute for attribute in every if hasattr(its_class, attribute)])
