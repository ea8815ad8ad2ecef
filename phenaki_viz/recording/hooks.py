"""Watch a model's attention while it runs, and leave no trace: one recording under way."""

import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from phenaki_viz.errors import RecordingError, RecordingWarning
from phenaki_viz.numerics.edits import Edits
from phenaki_viz.recording.biases import Biases
from phenaki_viz.recording.budget import Budget
from phenaki_viz.recording.building import Builder, CallContext
from phenaki_viz.recording.call_maps import Call, sample_of
from phenaki_viz.recording.circumstances import is_recomputed, stand_in, would_be_fused_again
from phenaki_viz.recording.compiled import compiler_is_loaded
from phenaki_viz.recording.estimates import call_arguments
from phenaki_viz.recording.families import phenaki
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.frames import Frames
from phenaki_viz.recording.hook import Hook, Left
from phenaki_viz.recording.interventions.in_force import (
    edits_of,
    given_in,
)
from phenaki_viz.recording.interventions.kinds import as_dict
from phenaki_viz.recording.late_origin import LateOrigin
from phenaki_viz.recording.locks import ModelLock, lock_of
from phenaki_viz.recording.making import Making, Sink
from phenaki_viz.recording.maps import Storage
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.report import Heard
from phenaki_viz.recording.seen import Seen
from phenaki_viz.recording.walking import first_weight

TO_THE_BLOCK = 4  # stack levels from a warning here to the `with` that it is about


@dataclass
class Session:
    """One recording under way: hooks write here, in the thread that started it."""

    model: nn.Module
    choice: RecordOptions
    found: phenaki.Listened
    watched: Sequence[str]
    on_progress: Callable[[int, int], None] | None
    sink: Sink | None = None
    was_compiled: bool = False
    recording: Recording = field(default_factory=Recording)
    calls: dict[str, tuple[Call, CallContext]] = field(default_factory=dict)
    waiting: dict[str, RemovableHandle] = field(default_factory=dict)
    storages: dict[str, Storage] = field(default_factory=dict)
    hooks: list[RemovableHandle] = field(default_factory=list)
    copies: list[tuple[weakref.ref[nn.Module], Left]] = field(default_factory=list)
    has_lock: bool = False
    done: int = 0
    thread: int = field(default_factory=threading.get_ident)

    def __post_init__(self) -> None:
        self.frames = Frames(self.found)
        self.seen = Seen(self.calls, self.choice)
        builder = Builder(choice=self.choice)
        self.budget = Budget(self.choice)
        self.biases = Biases(self.recording, builder.transfers)
        self.lock: ModelLock = lock_of(self.model)
        self.heard = Heard(type(self.model).__name__, self.watched)
        self.origin = LateOrigin(self.model, self.found.every, self.recording, self.was_compiled)
        self.records = Making(
            self.recording, builder, self.budget, self.biases, self.origin, self.heard, self.sink
        )
        self.compiler_was_there = compiler_is_loaded()

    def attach(self, watched: dict[str, AttentionModule], hooks: ExitStack) -> None:
        """Put every hook on; `hooks` takes them off again."""

        def on(module: nn.Module, after: bool, act: Callable[..., None], **how: bool) -> None:
            register: Any = (
                module.register_forward_hook if after else module.register_forward_pre_hook
            )
            self.hooks.append(register(Hook(self, module, act), **how))

        hooks.callback(self._let_go)
        hooks.callback(self.records.settle)  # before the recording is handed over
        hooks.callback(self._take_off)
        for name, module in self._outer().items():
            on(module, False, partial(self._enter_outer, name), with_kwargs=True)
            on(module, True, self._leave_outer, always_call=True)
        for name, module in self.found.position_biases.items():
            on(module, True, partial(self.biases.see, name))
        for name, attention in watched.items():
            on(attention, False, partial(self._enter, name), with_kwargs=True)
            on(attention.to_kv, True, partial(self.seen.projection, name, "kv"))
            if self.choice.extras & {"queries"} or not hasattr(attention, "attn_parts"):
                on(attention.to_q, True, partial(self.seen.projection, name, "q"))
            # Before any other hook on it: what a switch or an adapter does to it comes after.
            mixed = partial(self.seen.mixed, name, attention)
            on(attention.to_out, False, mixed, with_kwargs=True, prepend=True)
            if hasattr(attention, "rel_pos_bias"):
                on(attention.rel_pos_bias, True, partial(self.seen.alibi, name))
            on(attention, True, partial(self._leave, name), always_call=True)

    def end(self) -> None:
        """Say what was missed, when the block has ended as it should."""
        heard = self.heard
        if self.records.broken:
            raise self.records.broken
        heard.recorded = self.records.made
        heard.compiled_inside = compiler_is_loaded() and not self.compiler_was_there
        self.recording.missed = heard.missed()
        self.recording.recomputed = heard.recomputed
        if heard.wrong:
            warnings.warn(
                " ".join(self.recording.missed), RecordingWarning, stacklevel=TO_THE_BLOCK
            )

    def elsewhere(self) -> None:
        """The model ran in another thread."""
        self.heard.elsewhere += 1

    def copied(self, copy: nn.Module | None, left: Left) -> None:
        """The model was copied; what its hooks left in the copy goes when the block ends."""
        left.ran = self.ran_copy
        if copy is not None:
            self.copies.append((weakref.ref(copy), left))

    def ran_copy(self) -> None:
        """A copy of the model ran."""
        self.heard.copies += 1

    def left_out(self) -> None:
        """A layer ran that is cut away."""
        self.heard.left_out += 1

    def _outer(self) -> dict[str, nn.Module]:
        """Modules that attention is in, each once."""
        found = {"": self.model} | self.found.transformers | self.found.guided
        attention = {id(module) for module in self.found.attention.values()}
        return {name: module for name, module in found.items() if id(module) not in attention}

    def _take_off(self) -> None:
        for handle in self.hooks:
            handle.remove()

    def _let_go(self) -> None:
        """Leave nothing behind, whatever happened inside."""
        for handle in self.waiting.values():
            handle.remove()
        for reference, left in self.copies:
            left.ran, copy = None, reference()
            if copy is not None:
                left.remove_from(copy)
        self._release()

    def _take(self) -> None:
        """Be alone with the model while it runs."""
        if not self.has_lock:
            self.lock.acquire()
            self.has_lock = True

    def _release(self) -> None:
        if self.has_lock:
            self.has_lock = False
            self.lock.release()

    def _enter_outer(self, name: str, module: nn.Module, args: Any, kwargs: Any) -> None:
        if is_recomputed() or stand_in((*args, *kwargs.values(), first_weight(self.found.every))):
            return
        self._take()
        if module is self.model:
            self.heard.ran += 1
            self.origin.begin(args, kwargs)
        self.frames.enter(name, module, args, kwargs)

    def _leave_outer(self, module: nn.Module, args: Any, output: Any) -> None:
        if not self.frames.has(module):
            return
        transformer = self.frames.forget(module)
        if transformer or module is self.model:
            # Whoever steers the model may read the records in between.
            self.records.settle()
        if not self.frames.stack:
            self._release()

    def _enter(self, name: str, module: AttentionModule, args: Any, kwargs: Any) -> None:
        x, mask, context, attn_bias = call_arguments(args, kwargs)
        what = stand_in((x, context, getattr(module.to_kv, "weight", None)))
        if what:
            self.heard.stand_ins[what] += 1
            return
        again = is_recomputed()
        if again:
            self.heard.recomputed += 1
            storage = self.storages.get(name)
            if storage is None:
                return
        else:
            self._take()
            if not self.origin.is_noted:
                self.origin.begin((), {})
            edits = edits_of(module)
            self._note_interventions(name, edits)
            around = self.frames.around(name, self.recording.labels)
            if self.choice.modules is not None and around.name not in self.choice.modules:
                return
            self._check(around, x, context)
            is_given = edits.put_in is not None
            storage = self.budget.storage_of(
                around.name, module, x, context, attn_bias, is_given=is_given
            )
            if storage == "dense" and not is_given and would_be_fused_again(module, x):
                storage = "factored"
            self.storages[name] = storage
            around.bias, attn_bias = self.biases.of(attn_bias, module.heads)
            mask = mask.clone() if isinstance(mask, torch.Tensor) else mask
            sample = sample_of(storage, x.shape[0], x.shape[1], self.choice)
            tokens = None if context is None else context.shape[1]
            size = self.budget.size
            call = Call(x, x.shape, mask, tokens, attn_bias, storage, sample, edits, size=size)
            self.calls[name] = call, around
        self._wait_for(name, module, storage)

    def _note_interventions(self, name: str, edits: Edits) -> None:
        """Say what is changed in the model; raise RecordingError where a map would be none."""
        if edits.removes:
            raise RecordingError(
                f"{name}: edges are cut and its rows not renormalised, so what it uses is no "
                "distribution and cannot be recorded as a map: renormalise, or measure the output"
            )
        given = [as_dict(one) for one in given_in(self.model)]
        if given:
            known = self.recording.provenance.setdefault("interventions", [])
            known += [one for one in given if one not in known]

    def _check(self, around: CallContext, x: torch.Tensor, context: torch.Tensor | None) -> None:
        if x.ndim != 3 or (context is not None and context.ndim != 3):
            return  # the module itself says what is wrong
        keys = None if context is None else context.shape[1]
        shaped = around.video_shape is not None
        self.choice.check_call(around.name, x.shape[0], x.shape[1], keys, shaped)

    def _wait_for(self, name: str, module: AttentionModule, storage: Storage) -> None:
        """Listen for the map: the model attends in the open only while somebody waits for it.

        A call that is recomputed is not recorded, but has to take the same way.
        """
        parted = storage == "factored" and hasattr(module, "attn_parts")
        heard, see = (
            (module.attn_parts, self.seen.parts) if parted else (module.attn_dropout, self.seen.map)
        )
        if name in self.waiting:  # a call before this one was broken off
            self.waiting.pop(name).remove()
        hook = Hook(self, heard, partial(see, name))
        self.waiting[name] = heard.register_forward_pre_hook(hook)

    def _leave(self, name: str, module: AttentionModule, args: Any, output: Any) -> None:
        if name in self.waiting:
            self.waiting.pop(name).remove()
        call, around = self.calls.pop(name, (None, None))
        try:
            if call is not None and around is not None and isinstance(output, torch.Tensor):
                call.writing.see_output(output)
                self._keep(module, call, around)
        finally:
            if not self.frames.stack and not self.calls:
                self.records.settle()
                self._release()

    def _keep(self, module: AttentionModule, call: Call, around: CallContext) -> None:
        if not self.records.keep(module, call, around):
            return
        self.frames.recorded[around.name] += 1
        self.done += 1
        if self.on_progress:
            self.on_progress(self.done, len(self.watched))
