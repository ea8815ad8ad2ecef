"""The causality probe: change one time step of a transformer's input, see which outputs move.

A causal mask says which weights are zero, not where information can flow: a convolution between the
layers, a mask that was forgotten or tokens in another order let a later step reach an earlier one
all the same. So each time step in turn is replaced by noise of the size of the tokens, and every
module is compared with what it gave before, twice: `through`, with the transformer's own input
changed, as the layers before it hand the change on; `alone`, with that module's own input changed,
which says whose leak it is.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from phenaki_viz.analysis.incremental import Incremental, incremental
from phenaki_viz.errors import RecordingError
from phenaki_viz.evaluation.reach import PARTS, Causality, Kind, ModuleReach, Reach
from phenaki_viz.evaluation.transformer_input import TransformerInput, transformer_input, work_of
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.recording.switches import switched
from phenaki_viz.runs.again import forward_of, switches_of
from phenaki_viz.runs.run import Run

EPSILONS = 8  # relative change that rounding may make, in steps between 1 and the next number
SEED = 0
RATE = 7e9  # multiply-adds a second that one slow core does


@dataclass(eq=False)
class _Call:
    """One call of one module, or of a layer: what it was given and what it gave."""

    name: str
    kind: Kind
    layer: int | None
    given: torch.Tensor
    gave: torch.Tensor
    again: Callable[[torch.Tensor], torch.Tensor]


@incremental
def probe(given: TransformerInput) -> Incremental[Causality]:
    """Change each time step of what a transformer was given, and compare every module's output.

    A step is one run of the transformer, under the model's lock; the first two check that the same
    input gives the same output. Raises RecordingError where it does not (dropout is on), where
    numbers are not finite, or where the transformer is not made of layers whose parts are added up.
    """
    steps = given.steps
    before = _run(given, given.tokens)
    tolerance = EPSILONS * max(torch.finfo(call.gave.dtype).eps for call in before)
    yield 1 / (2 * steps + 2)
    _check(before, _run(given, given.tokens))
    through = [_Changes(steps) for _ in before]
    alone = [_Changes(steps) for _ in before]
    for step in range(steps):
        yield (2 * step + 2) / (2 * steps + 2)
        after = _run(given, _changed(given, given.tokens, step))
        for changes, old, new in zip(through, before, after, strict=True):
            changes.note(step, given.by_step(old.gave), given.by_step(new.gave))
        yield (2 * step + 3) / (2 * steps + 2)
        for changes, call in zip(alone, before, strict=True):
            gave = _alone(given, call, _changed(given, call.given, step))
            changes.note(step, given.by_step(call.gave), given.by_step(gave))
    modules = tuple(
        ModuleReach(
            name=call.name,
            kind=call.kind,
            layer=call.layer,
            through=handed.reach(tolerance),
            alone=own.reach(tolerance),
        )
        for call, handed, own in zip(before, through, alone, strict=True)
    )
    return Causality(stack=given.stack, steps=steps, tolerance=tolerance, modules=modules)


@incremental
def probe_run(run: Run, model: nn.Module, stack: str) -> Incremental[Causality]:
    """Probe one transformer of a run on what it was given in that run, with the same heads off.

    Raises ConfigError for a run that cannot be had again, RecordingError as `probe` does.
    """
    forward = forward_of(run, model)
    yield 0.0
    records = [record for record in run.recording.whole if record.stack == stack]
    counts = records[0].places.batch_counts if records else None
    off = switches_of(run)
    given = transformer_input(model, stack, forward, switches=off, counts=counts)
    return (yield from probe.steps(given))


def expected_seconds(model: nn.Module, records: Sequence[AttentionRecord]) -> float:
    """About how long a probe of the stack takes on a slow core. records: of all its layers."""
    steps = records[0].places.grid[0] if records else 0
    return (2 * steps + 3) * work_of(model, records) / RATE


class _Changes:
    """What becomes a `Reach`, one changed step at a time."""

    def __init__(self, steps: int) -> None:
        self.relative, self.largest = np.zeros((steps, steps)), np.zeros((steps, steps))

    def note(self, step: int, before: torch.Tensor, after: torch.Tensor) -> None:
        """before, after: 't rest d', with one step of the input changed."""
        change = (after.double() - before.double()).flatten(1)
        size = before.double().flatten(1).norm(dim=1).clamp(min=torch.finfo(torch.float64).tiny)
        self.relative[:, step] = (change.norm(dim=1) / size).cpu().numpy()
        self.largest[:, step] = change.abs().amax(dim=1).cpu().numpy()

    def reach(self, tolerance: float) -> Reach:
        if not np.isfinite(self.largest).all():
            raise RecordingError("a module gives numbers that are not finite: nothing can be said")
        return Reach(relative=self.relative, largest=self.largest, tolerance=tolerance)


def _changed(given: TransformerInput, tokens: torch.Tensor, step: int) -> torch.Tensor:
    """Tokens with one time step replaced by noise of their mean and spread, the same every time."""
    stepwise = given.by_step(tokens)
    chance = torch.Generator().manual_seed(SEED + step)
    noise = torch.randn(stepwise[step].shape, generator=chance).to(tokens)
    spread = stepwise.float().std().clamp(min=torch.finfo(torch.float32).tiny)
    mean = stepwise.float().mean()
    return given.with_step(tokens, step, (noise * spread + mean).to(tokens.dtype))


@torch.inference_mode()
def _run(given: TransformerInput, tokens: torch.Tensor) -> list[_Call]:
    """Every call inside one run of the transformer, its layers and itself among them."""
    transformer = given.transformer
    with switched(given.model, given.switches), _listening(transformer, given.stack) as calls:
        gave = transformer(tokens, *given.args, **given.kwargs)
    again = partial(transformer, *given.args, **given.kwargs)
    if given.args:
        again = partial(_first_then, transformer, given.args, given.kwargs)
    whole = _Call(given.stack, "stack", None, tokens, gave, again)
    return [*_with_layers(calls, given.stack), whole]


@torch.inference_mode()
def _alone(given: TransformerInput, call: _Call, tokens: torch.Tensor) -> torch.Tensor:
    with switched(given.model, given.switches):
        return call.again(tokens)


def _check(before: list[_Call], again: list[_Call]) -> None:
    """That nothing but the input decides the output."""
    for old, new in zip(before, again, strict=True):
        if not torch.isfinite(old.gave).all():
            raise RecordingError(f"{old.name} gives numbers that are not finite")
        if not torch.equal(old.gave, new.gave):
            raise RecordingError(
                f"{old.name} gives other numbers for the same input: switch dropout off with "
                "model.eval() to probe it"
            )


@contextmanager
def _listening(transformer: nn.Module, stack: str) -> Iterator[list[_Call]]:
    """Collect the calls of a transformer's parts and norms that this thread makes in the block."""
    calls: list[_Call] = []
    thread = threading.get_ident()
    parts: dict[nn.Module, list[tuple[str, Kind, int | None]]] = {}
    for name, kind, layer, module in _parts(transformer, stack):
        parts.setdefault(module, []).append((name, kind, layer))
    heard: dict[nn.Module, int] = dict.fromkeys(parts, 0)

    def hear(module: nn.Module, args: Any, kwargs: Any, gave: torch.Tensor) -> None:
        if threading.get_ident() != thread:
            return
        names = parts[module]  # several where one module serves several layers
        name, kind, layer = names[heard[module] % len(names)]
        heard[module] += 1
        again = partial(_first_then, module, args[1:], kwargs)
        calls.append(_Call(name, kind, layer, args[0], gave, again))

    with ExitStack() as hooks:
        for module in parts:
            hooks.callback(module.register_forward_hook(hear, with_kwargs=True).remove)
        yield calls


def _first_then(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], x: torch.Tensor
) -> torch.Tensor:
    gave: torch.Tensor = module(x, *args, **kwargs)
    return gave


def _parts(transformer: nn.Module, stack: str) -> Iterator[tuple[str, Kind, int | None, nn.Module]]:
    """(name, kind, layer, module) of all that is compared, but for the layers."""
    prefix = f"{stack}." if stack else ""
    for number, layer in enumerate(transformer.get_submodule("layers").children()):
        parts = list(layer._modules.items()) if isinstance(layer, nn.ModuleList) else []
        if len(parts) != len(PARTS):
            raise RecordingError(
                f"{stack or 'the model'}: layer {number} is not made of a convolution, "
                "self-attention, cross-attention and feed-forward, so it cannot be probed"
            )
        for kind, (place, part) in zip(PARTS, parts, strict=True):
            if part is None:
                continue
            named = f"{prefix}layers.{number}.{place}"
            norm = _norm_of(part)
            if norm is not None:
                yield f"{named}.{norm[0]}", "norm", number, norm[1]
            yield named, kind, number, part
    yield f"{prefix}norm_out", "norm", None, transformer.get_submodule("norm_out")


def _norm_of(part: nn.Module) -> tuple[str, nn.Module] | None:
    """The norm at the entrance of an attention or a feed-forward, by its name there."""
    return next(
        ((name, norm) for name in ("norm", "0") if (norm := part._modules.get(name)) is not None),
        None,
    )


def _with_layers(calls: list[_Call], stack: str) -> list[_Call]:
    """Behind the last part of each layer the layer: what comes in, and every part added to it."""
    found: list[_Call] = []
    parts: list[_Call] = []
    prefix = f"{stack}." if stack else ""
    for call, following in zip(calls, [*calls[1:], None], strict=True):
        found.append(call)
        if call.kind in PARTS:
            parts.append(call)
        if call.layer is not None and (following is None or following.layer != call.layer):
            gave = parts[-1].given + parts[-1].gave
            name = f"{prefix}layers.{call.layer}"
            again = partial(_residual, tuple(parts))
            found.append(_Call(name, "layer", call.layer, parts[0].given, gave, again))
            parts = []
    return found


def _residual(parts: tuple[_Call, ...], x: torch.Tensor) -> torch.Tensor:
    for part in parts:
        x = part.again(x) + x
    return x
