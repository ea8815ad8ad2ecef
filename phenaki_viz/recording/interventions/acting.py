"""Interventions in force: hooks of one thread, under the model's lock, gone when the block ends.

Nothing of the model is written to. The hooks act in the thread that set them alone: whoever shares
the model sees all of it, unchanged to the last bit.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.arguments import first_of, with_first
from phenaki_viz.recording.compiled import eagerly, uncompiled
from phenaki_viz.recording.families.phenaki import (
    AttentionModule,
    attention_modules,
    head_width,
    transformer_modules,
)
from phenaki_viz.recording.interventions.in_force import HERE
from phenaki_viz.recording.interventions.inside import Inside, insides
from phenaki_viz.recording.interventions.kinds import (
    CutDepth,
    DropText,
    Intervention,
    MeanHead,
    SwapText,
    ZeroHead,
)
from phenaki_viz.recording.interventions.one_call import OneCall
from phenaki_viz.recording.interventions.reading import reading_of
from phenaki_viz.recording.locks import lock_of
from phenaki_viz.recording.visibility import HOST


@contextmanager
def intervened(model: nn.Module, interventions: Iterable[Intervention]) -> Iterator[None]:
    """Run the block with interventions in force, for this thread, under the model's lock.

    Their order changes nothing. What was compiled runs uncompiled in the block. The weights and
    their digest stay what they are, and the hooks are removed whatever happens inside. Raises
    RecordingError, before anything is hooked, for modules, heads or depths that the model does not
    have, interventions that contradict each other, what is no intervention, and what a model of the
    published classes has no room for; while the model runs, for edges that cannot be cut. Maps
    recorded meanwhile are those that were really used, and provenance says what was done.
    """
    given, model = _once(interventions), uncompiled(model)
    with eagerly(), lock_of(model), ExitStack() as back:
        plan = _plan(model, given)
        attentions, transformers = plan.attentions, plan.transformers
        calls = plan.calls
        _check_alone(calls)
        back.enter_context(_given(model, given))
        for call in calls:
            back.enter_context(_edited(call, transformers))
        for one in sorted(plan.heads, key=lambda one: (one.module, one.head)):
            back.enter_context(_head_gives(attentions[one.module], one))
        for cut in sorted(plan.depths, key=lambda cut: (cut.module, cut.kept)):
            back.enter_context(_truncated(transformers[cut.module], cut.kept))
        yield


def check_fits(model: nn.Module, interventions: Iterable[Intervention]) -> None:
    """Raise RecordingError, as `intervened` would, for what cannot be done to this model."""
    _plan(model, _once(interventions))


@dataclass(frozen=True, eq=False)
class _Plan:
    """What is hooked, once all of it was checked."""

    attentions: Mapping[str, AttentionModule]
    transformers: Mapping[str, nn.Module]
    heads: Sequence[ZeroHead | MeanHead]
    depths: Sequence[CutDepth]
    calls: Sequence[OneCall]


def _once(interventions: Iterable[Intervention]) -> tuple[Intervention, ...]:
    """Each of them once. Raises RecordingError for what is none."""
    each = tuple(interventions)
    for one in each:
        if not isinstance(one, Intervention):
            raise RecordingError(f"{one!r:.60} is no intervention: give ZeroHead(…), CutEdges(…) …")
    return tuple(dict.fromkeys(each))


def _plan(model: nn.Module, given: tuple[Intervention, ...]) -> _Plan:
    attentions, transformers = attention_modules(model), transformer_modules(model)
    heads = [one for one in given if isinstance(one, (ZeroHead, MeanHead))]
    depths = [one for one in given if isinstance(one, CutDepth)]
    _check_heads(attentions, heads)
    _check_depths(transformers, depths)
    reading = reading_of(model, [one for one in given if isinstance(one, (DropText, SwapText))])
    inside = insides(model, attentions, given)
    changed = attentions if reading else inside
    calls = [OneCall(attentions[name], inside.get(name, Inside(name)), reading) for name in changed]
    return _Plan(attentions, transformers, heads, depths, calls)


@contextmanager
def heard_outputs(model: nn.Module, module: str, head: int) -> Iterator[list[torch.Tensor]]:
    """What one head gives to `to_out` in the block, 'b i d' a call, in this thread.

    Raises RecordingError where the model has no such head.
    """
    heard: list[torch.Tensor] = []
    model = uncompiled(model)
    with eagerly(), lock_of(model):
        attentions = attention_modules(model)
        _check_heads(attentions, [ZeroHead(module=module, head=head)])
        attention = attentions[module]

        def hear(_: nn.Module, args: Any, kwargs: Any) -> None:
            mixed = first_of(args, kwargs)
            width = mixed.shape[-1] // attention.heads
            heard.append(mixed[..., head * width : (head + 1) * width].detach().clone())

        hook = partial(_in_thread, threading.get_ident(), hear)
        handle = attention.to_out.register_forward_pre_hook(hook, with_kwargs=True)
        try:
            yield heard
        finally:
            handle.remove()


def _check_heads(
    attentions: Mapping[str, AttentionModule], heads: Sequence[ZeroHead | MeanHead]
) -> None:
    for one in heads:
        module = attentions.get(one.module)
        if module is None or not 0 <= one.head < module.heads:
            raise RecordingError(
                f"there is no head {one.head} in {one.module}: nothing was switched off"
            )
        width = head_width(module)
        if isinstance(one, MeanHead) and len(one.mean) != width:
            raise RecordingError(
                f"{one.module}: a mean of {len(one.mean)} numbers for heads of width {width}"
            )
    places = [(one.module, one.head) for one in heads]
    twice = next((place for place in places if places.count(place) > 1), None)
    if twice is not None:
        raise RecordingError(
            f"head {twice[1]} of {twice[0]} is both off and at its mean, or at two means: "
            "choose one"
        )


def _check_depths(transformers: Mapping[str, nn.Module], depths: Sequence[CutDepth]) -> None:
    for one in depths:
        found = transformers.get(one.module)
        layers = found.get_submodule("layers") if found is not None else nn.ModuleList()
        if found is None or not 0 <= one.kept <= len(layers._modules):
            raise RecordingError(f"{one.module} cannot be cut after {one.kept} layers")
        if not all(isinstance(layer, nn.ModuleList) for layer in layers.children()):
            raise RecordingError(
                f"{one.module} cannot be cut: its layers are not lists of parts that are added up"
            )


def _check_alone(calls: Iterable[OneCall]) -> None:
    for call in calls:
        if call.module in HERE.edited:
            raise RecordingError(
                f"{call.inside.name} is changed by interventions that are in force already: give "
                "all of them together"
            )


@contextmanager
def _given(model: nn.Module, given: tuple[Intervention, ...]) -> Iterator[None]:
    """Known to whoever records this model meanwhile."""
    known, mine = HERE.given, (model, given)  # of this thread, whichever closes the block
    known.append(mine)
    try:
        yield
    finally:
        known[:] = [one for one in known if one is not mine]


@contextmanager
def _edited(call: OneCall, transformers: Mapping[str, nn.Module]) -> Iterator[None]:
    """The calls of one attention module are changed inside."""
    module, me = call.module, threading.get_ident()
    with ExitStack() as back:
        HERE.edited.add(module)
        back.callback(HERE.edited.discard, module)
        back.callback(HERE.edits.pop, module, None)

        def on(where: nn.Module, act: Callable[..., Any], *, after: bool = False) -> None:
            # Before whoever listens, so that what is heard is what is used.
            register: Any = (
                where.register_forward_hook if after else where.register_forward_pre_hook
            )
            hook = partial(_in_thread, me, act)
            back.callback(register(hook, prepend=True, with_kwargs=True).remove)

        on(module, call.begin)
        if call.stack in transformers and call.inside.cuts:
            on(transformers[call.stack], call.see_shape)
        if call.changes_map_outside:
            on(module.attn_dropout, call.change_map)
        if call.inside.alibi is not None:
            back.callback(HERE.slopes.pop, module.rel_pos_bias, None)
            HERE.slopes[module.rel_pos_bias] = torch.tensor(call.inside.alibi, device=HOST)
            on(module.rel_pos_bias, call.scale_alibi, after=True)
        yield


@contextmanager
def _head_gives(module: AttentionModule, one: ZeroHead | MeanHead) -> Iterator[None]:
    """What `to_out` reads, 'b i (h d)', is zero or a mean in the columns of one head."""

    def replace(_: nn.Module, args: Any, kwargs: Any) -> Any:
        x = first_of(args, kwargs).clone()
        width = x.shape[-1] // module.heads
        columns = slice(one.head * width, (one.head + 1) * width)
        x[..., columns] = x.new_tensor(one.mean) if isinstance(one, MeanHead) else 0
        return with_first(args, kwargs, x)

    hook = partial(_in_thread, threading.get_ident(), replace)
    handle = module.to_out.register_forward_pre_hook(hook, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _truncated(transformer: nn.Module, kept: int) -> Iterator[None]:
    """Every part of a layer is added to the tokens: those of the cut layers give zeros to add."""

    def nothing(_: nn.Module, args: Any, output: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(output)

    hook = partial(_in_thread, threading.get_ident(), nothing)
    layers = list(transformer.get_submodule("layers").children())[kept:]
    cut = {module for layer in layers for module in layer.modules()} - HERE.left_out
    with ExitStack() as hooks:
        for part in (part for layer in layers for part in layer.children()):
            hooks.callback(part.register_forward_hook(hook).remove)
        HERE.left_out |= cut
        hooks.callback(HERE.left_out.difference_update, cut)
        yield


def _in_thread(thread: int, hook: Callable[..., Any], *args: Any) -> Any:
    """None, which changes nothing, in any other thread than the one that asked for it."""
    return hook(*args) if threading.get_ident() == thread else None
