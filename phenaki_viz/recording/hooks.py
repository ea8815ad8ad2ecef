"""The only place with hooks: watch a model's attention while it runs, and leave no trace."""

import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from phenaki_viz.errors import RecordingError
from phenaki_viz.models.offsets import OffsetBias
from phenaki_viz.recording import duck
from phenaki_viz.recording.budget import Budget
from phenaki_viz.recording.building import Builder, Surroundings
from phenaki_viz.recording.choice import DEFAULT_LIMIT, PARTS_LIMIT, Choice, Extra, Hold
from phenaki_viz.recording.duck import AttentionModule
from phenaki_viz.recording.keeping import Call, Parts
from phenaki_viz.recording.locks import lock_of
from phenaki_viz.recording.origin import origin_of
from phenaki_viz.recording.pricing import call_arguments
from phenaki_viz.recording.records import PositionBias, Recording
from phenaki_viz.recording.switches import is_left_out
from phenaki_viz.recording.verify import Sample, warn_of_failures


@contextmanager
def record(
    model: nn.Module,
    *,
    modules: Collection[str] | None = None,
    heads: Sequence[int] | None = None,
    batch_items: Sequence[int] | None = None,
    extras: Collection[Extra] = (),
    hold: Hold = "auto",
    dtype: torch.dtype = torch.float32,
    limit_bytes: int = DEFAULT_LIMIT,
    parts_limit_bytes: int = PARTS_LIMIT,
    words: Sequence[str] = (),
    grid: tuple[int, int, int] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    verify_rows: int = 16,
) -> Iterator[Recording]:
    """Record every attention call of `model` inside the `with` block.

    A stored map is the very tensor that multiplies the values: the input of `attn_dropout`. A map
    held by its parts is recomputed from what fused attention used, which then runs without ever
    making the map. Works on any model built of such attention modules (`to_q`, `to_kv`,
    `attn_dropout`, …), the published phenaki-pytorch classes included. The hooks return None, so
    the model computes what it always does; they are removed whatever happens inside, under one
    lock per model.

    hold: "stored", "parts", or "auto": stored while all maps together stay within `limit_bytes`,
    by parts beyond. words: the text, so that keys of cross-attention have names. grid: 't h w' of
    the tokens, for models that do not tell their transformers the video's shape. on_progress:
    called after every attention call with (calls so far, modules chosen); an exception it raises
    stops the model.
    Raises RecordingError when the model has no such module or a chosen one does not exist,
    RecordingTooLargeError before the first map that would go over its limit.
    """
    choice = Choice(
        modules=modules, heads=heads, batch_items=batch_items, extras=frozenset(extras),
        hold=hold, dtype=dtype, limit_bytes=limit_bytes, parts_limit_bytes=parts_limit_bytes,
        verify_rows=verify_rows,
    )  # fmt: skip
    found = duck.listened(model)
    watched = _chosen(model, found.attention, choice)
    with lock_of(model), ExitStack() as hooks:
        builder = Builder(choice=choice, words=tuple(words), grid=grid)
        session = _Session(model, choice, builder, Budget(choice), len(watched), on_progress)
        session.attach(watched, found, hooks)
        yield session.recording
    warn_of_failures(session.recording)


def _chosen(
    model: nn.Module, found: dict[str, AttentionModule], choice: Choice
) -> dict[str, AttentionModule]:
    if not found:
        raise RecordingError(duck.missing_attention(model))
    if choice.modules is None:
        return found
    unknown = sorted(set(choice.modules) - set(found))
    if unknown:
        raise RecordingError(
            f"no attention module named {', '.join(unknown)}; there are {', '.join(found)}"
        )
    return {name: module for name, module in found.items() if name in choice.modules}


@dataclass
class _Session:
    """One recording under way: hooks write here, in the thread that started it."""

    model: nn.Module
    choice: Choice
    builder: Builder
    budget: Budget
    chosen: int
    on_progress: Callable[[int, int], None] | None
    recording: Recording = field(default_factory=Recording)
    calls: dict[str, Call] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    video_shapes: list[Sequence[int] | None] = field(default_factory=list)
    branches: list[str | None] = field(default_factory=list)
    biases: dict[int, tuple[weakref.ref[torch.Tensor | OffsetBias], str]] = field(
        default_factory=dict
    )
    waiting: dict[str, RemovableHandle] = field(default_factory=dict)
    done: int = 0
    thread: int = field(default_factory=threading.get_ident)

    def attach(
        self, watched: dict[str, AttentionModule], found: duck.Listened, hooks: ExitStack
    ) -> None:
        """Put every hook on; `hooks` takes them off again."""

        def on(register: Callable[..., Any], hook: Callable[..., None], **how: bool) -> None:
            hooks.callback(register(partial(self._mine, hook), **how).remove)

        hooks.callback(self.builder.transfers.wait)  # before the recording is handed over
        on(self.model.register_forward_pre_hook, self._enter_model, with_kwargs=True)
        on(self.model.register_forward_hook, self._leave_model, always_call=True)
        for module in found.transformers.values():
            on(module.register_forward_pre_hook, self._enter_transformer, with_kwargs=True)
            on(module.register_forward_hook, self._leave_transformer, always_call=True)
        for name, module in found.guided.items():
            on(
                module.register_forward_pre_hook,
                partial(self._enter_branch, name),
                with_kwargs=True,
            )
            on(module.register_forward_hook, self._leave_branch, always_call=True)
        for name, module in found.position_biases.items():
            on(module.register_forward_hook, partial(self._see_position_bias, name))
        for name, module in watched.items():
            on(module.register_forward_pre_hook, partial(self._enter, name), with_kwargs=True)
            on(module.to_kv.register_forward_hook, partial(self._see_projection, name, "kv"))
            if self.choice.extras & {"queries"} or not hasattr(module, "attn_parts"):
                on(module.to_q.register_forward_hook, partial(self._see_projection, name, "q"))
            # Before any other hook on it: what a switch or an adapter does to it comes after.
            to_out = module.to_out.register_forward_pre_hook
            on(to_out, partial(self._see_mixed, name, module), with_kwargs=True, prepend=True)
            if hasattr(module, "rel_pos_bias"):
                on(module.rel_pos_bias.register_forward_hook, partial(self._see_alibi, name))
            on(module.register_forward_hook, partial(self._leave, name))
        hooks.callback(self._stop_waiting)

    def _mine(self, hook: Callable[..., None], *args: Any) -> None:
        # Another thread may run the model without recording it: its tensors are not ours. A layer
        # that is cut away runs, but nothing of it is used.
        if threading.get_ident() == self.thread and not is_left_out(args[0]):
            hook(*args)

    def _enter_model(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        self.recording.made_by |= origin_of(module, args, kwargs)

    def _leave_model(self, module: nn.Module, args: Any, output: Any) -> None:
        self.builder.transfers.wait()

    def _enter_transformer(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        named = dict(zip(("x", "video_shape"), args, strict=False)) | kwargs
        self.video_shapes.append(named.get("video_shape"))

    def _leave_transformer(self, module: nn.Module, args: Any, output: Any) -> None:
        self.video_shapes.pop()
        self.builder.transfers.wait()  # whoever steers the model may read the records in between

    def _enter_branch(self, name: str, module: nn.Module, args: Any, kwargs: Any) -> None:
        branch = duck.branch_of(name, module, kwargs)
        # A self critic asks MaskGit: these maps are the critic's.
        self.branches.append(self.branches[-1] if self.branches else branch)

    def _leave_branch(self, module: nn.Module, args: Any, output: Any) -> None:
        self.branches.pop()

    def _see_position_bias(self, name: str, module: nn.Module, dims: Any, bias: Any) -> None:
        dimensions = tuple(int(d) for d in dims)
        key = f"{name}({' × '.join(map(str, dimensions))})"
        self.biases[id(bias)] = (weakref.ref(bias), key)
        surface = duck.surface_of(bias, dimensions).detach().float().cpu().numpy().copy()
        self.recording.position_biases[key] = PositionBias(
            module=name, dimensions=dimensions, surface=surface
        )

    def _enter(self, name: str, module: AttentionModule, args: Any, kwargs: Any) -> None:
        x, mask, context, attn_bias = call_arguments(args, kwargs)
        held = self.budget.hold(name, module, x, context)
        self.recording.holding = self.budget.holding
        self.calls[name] = Call(x, mask, context, attn_bias, held)
        # The model attends in the open only while somebody waits for the map itself.
        parted = held == "by parts" and hasattr(module, "attn_parts")
        heard, see = (
            (module.attn_parts, self._see_parts) if parted else (module.attn_dropout, self._see_map)
        )
        hook = partial(self._mine, partial(see, name))
        if name in self.waiting:  # a call before this one ended in an exception
            self.waiting.pop(name).remove()
        self.waiting[name] = heard.register_forward_pre_hook(hook)

    def _stop_waiting(self) -> None:
        for handle in self.waiting.values():
            handle.remove()

    def _see_projection(
        self, name: str, which: str, module: nn.Module, args: Any, output: torch.Tensor
    ) -> None:
        if name in self.calls:
            setattr(self.calls[name], which, output.detach())

    def _see_alibi(self, name: str, module: nn.Module, args: Any, bias: torch.Tensor) -> None:
        if name not in self.calls:
            return
        slopes = torch.as_tensor(module.slopes).detach().reshape(-1)
        i, j = args[0].shape[-2:]
        rows = Sample.of(1, i, 1, self.choice.verify_rows).rows
        query, key = (torch.arange(size, device=bias.device) for size in (i, j))
        distance = (query[rows, None] + (j - i) - key[None]).abs()
        exact = -slopes[:, None, None] * distance
        seen = bias.detach().reshape(-1, *bias.shape[-2:])[: len(slopes)]
        fits = seen.shape[-2:] == (i, j)
        error = float((seen[:, rows] - exact).abs().max()) if fits else float("inf")
        self.calls[name].alibi = (slopes, error)

    def _see_map(self, name: str, module: nn.Module, args: tuple[torch.Tensor]) -> None:
        if name in self.calls:
            self.calls[name].attn = args[0].detach()

    def _see_parts(self, name: str, module: nn.Module, args: tuple[Any, ...]) -> None:
        if name in self.calls:
            q, k, logsumexp, precision = args
            self.calls[name].parts = Parts(
                _detached(q), _detached(k), _detached(logsumexp), precision
            )

    def _see_mixed(
        self, name: str, attention: AttentionModule, module: nn.Module, args: Any, kwargs: Any
    ) -> None:
        if name in self.calls:
            mixed = next(iter((*args, *kwargs.values())), None)
            self.calls[name].see_mixed(attention, mixed, self.choice)

    def _leave(self, name: str, module: AttentionModule, args: Any, output: torch.Tensor) -> None:
        self.waiting.pop(name).remove()
        call = self.calls.pop(name, None)
        if call is None or call.kv is None or (call.attn is None and call.parts is None):
            return
        record = self.builder.build(name, module, call, output.detach(), self._around(name, call))
        self.recording.records.append(record)
        self.budget.kept[record.map.held] += record.map.nbytes
        self.counts[name] = record.call + 1
        self.done += 1
        if self.on_progress:
            self.on_progress(self.done, self.chosen)

    def _around(self, name: str, call: Call) -> Surroundings:
        labels = self.recording.labels
        return Surroundings(
            count=self.counts.get(name, 0),
            video_shape=self.video_shapes[-1] if self.video_shapes else None,
            branch=labels.get("branch") or (self.branches[-1] if self.branches else None),
            step=labels.get("step"),
            bias=self._bias(call.attn_bias),
        )

    def _bias(self, attn_bias: torch.Tensor | OffsetBias | None) -> tuple[str, PositionBias] | None:
        """The position bias that this is the output of, by its name in the recording."""
        reference, name = self.biases.get(id(attn_bias), (None, ""))
        if reference is None or reference() is not attn_bias:
            return None
        return name, self.recording.position_biases[name]


def _detached(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach() if tensor.requires_grad else tensor
