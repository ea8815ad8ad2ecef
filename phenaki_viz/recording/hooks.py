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

from phenaki_viz import alignment
from phenaki_viz.errors import RecordingError, RecordingWarning
from phenaki_viz.recording.biases import Biases
from phenaki_viz.recording.budget import Budget
from phenaki_viz.recording.building import Builder, CallContext, Waiting
from phenaki_viz.recording.call_maps import Call, Parts
from phenaki_viz.recording.circumstances import is_recomputed, stand_in, would_be_fused_again
from phenaki_viz.recording.compiled import compiler_is_loaded
from phenaki_viz.recording.digests import LateDigest
from phenaki_viz.recording.estimates import call_arguments
from phenaki_viz.recording.families import phenaki
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.frames import Frames
from phenaki_viz.recording.hook import Hook, Left
from phenaki_viz.recording.interventions.in_force import (
    edits_of,
    given_in,
    slopes_of,
)
from phenaki_viz.recording.interventions.kinds import as_dict
from phenaki_viz.recording.locks import ModelLock, lock_of
from phenaki_viz.recording.maps import Held
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.origin import origin_of
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.records import AttentionRecord
from phenaki_viz.recording.report import Heard
from phenaki_viz.recording.verify import Sample

Sink = Callable[[AttentionRecord], AttentionRecord | None]
NOT_YET = "not known yet"  # an input digest that is being made
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
    recording: Recording = field(default_factory=Recording)
    calls: dict[str, tuple[Call, CallContext]] = field(default_factory=dict)
    waiting: dict[str, RemovableHandle] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    copies: list[tuple[weakref.ref[nn.Module], Left]] = field(default_factory=list)
    waiting_calls: list[Waiting] = field(default_factory=list)
    digest: LateDigest | None = None
    origin_is_due: bool = False
    has_lock: bool = False
    was_compiled: bool = False
    done: int = 0
    made: int = 0
    broken: Exception | None = None
    thread: int = field(default_factory=threading.get_ident)

    def __post_init__(self) -> None:
        self.frames = Frames(self.found)
        self.builder = Builder(choice=self.choice)
        self.budget = Budget(self.choice)
        self.biases = Biases(self.recording, self.builder.transfers)
        self.lock: ModelLock = lock_of(self.model)
        self.heard = Heard(type(self.model).__name__, self.watched)
        self.compiler_was_there = compiler_is_loaded()

    def attach(self, watched: dict[str, AttentionModule], hooks: ExitStack) -> None:
        """Put every hook on; `hooks` takes them off again."""

        def on(module: nn.Module, after: bool, act: Callable[..., None], **how: bool) -> None:
            register: Any = (
                module.register_forward_hook if after else module.register_forward_pre_hook
            )
            hooks.callback(register(Hook(self, module, act), **how).remove)

        hooks.callback(self._let_go)
        hooks.callback(self._settle)  # before the recording is handed over
        for name, module in self._outer().items():
            on(module, False, partial(self._enter_outer, name), with_kwargs=True)
            on(module, True, self._leave_outer, always_call=True)
        for name, module in self.found.position_biases.items():
            on(module, True, partial(self.biases.see, name))
        for name, attention in watched.items():
            on(attention, False, partial(self._enter, name), with_kwargs=True)
            on(attention.to_kv, True, partial(self._see_projection, name, "kv"))
            if self.choice.extras & {"queries"} or not hasattr(attention, "attn_parts"):
                on(attention.to_q, True, partial(self._see_projection, name, "q"))
            # Before any other hook on it: what a switch or an adapter does to it comes after.
            mixed = partial(self._see_mixed, name, attention)
            on(attention.to_out, False, mixed, with_kwargs=True, prepend=True)
            if hasattr(attention, "rel_pos_bias"):
                on(attention.rel_pos_bias, True, partial(self._see_alibi, name))
            on(attention, True, partial(self._leave, name), always_call=True)

    def end(self) -> None:
        """Say what was missed, when the block has ended as it should."""
        heard = self.heard
        if self.broken:
            raise self.broken
        heard.recorded = self.made
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
        weight = next(self.model.parameters(), None)
        if is_recomputed() or stand_in((*args, *kwargs.values(), weight)):
            return
        self._take()
        if module is self.model:
            self.heard.ran += 1
            self._say_origin(args, kwargs)
        self.frames.enter(name, module, args, kwargs)

    def _say_origin(self, args: Any, kwargs: Any) -> None:
        """Say what made this: later, where that is to wait for a GPU.

        The digest of weights is made now if the model learns: running it may change them.
        """
        self.digest, self.origin_is_due = None, False
        if not LateDigest.is_needed(args, kwargs):
            self._note_origin(args, kwargs, "")
            return
        try:
            self.digest = LateDigest(args, kwargs)
        except RuntimeError as error:  # no memory for a copy
            self._note_origin((), {}, _unknown(error))
            return
        self.origin_is_due = not self.model.training
        if not self.origin_is_due:
            self._note_origin((), {}, NOT_YET)

    def _note_origin(self, args: Any, kwargs: Any, digest: str) -> None:
        self.origin_is_due = False
        try:
            self.recording.made_by |= origin_of(
                self.model, args, kwargs, digest=digest, every=self.found.every
            )
        except Exception as error:  # weights that cannot be read are no reason to stop the model
            self.recording.made_by |= {
                "model": type(self.model).__name__,
                "weights_digest": _unknown(error),
            }
        if self.was_compiled:
            self.recording.made_by["compiled"] = "recorded uncompiled"

    def _leave_outer(self, module: nn.Module, args: Any, output: Any) -> None:
        if not self.frames.has(module):
            return
        transformer = self.frames.forget(module)
        if transformer or module is self.model:
            # Whoever steers the model may read the records in between.
            self._settle()
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
            held = self.held.get(name)
            if held is None:
                return
        else:
            self._take()
            if not self.recording.made_by and not self.origin_is_due:
                self._say_origin((), {})
            self._note_interventions(name, module)
            around = self.frames.around(name, self.recording.labels)
            if self.choice.modules is not None and around.name not in self.choice.modules:
                return
            self._check(around, x, context)
            is_given = edits_of(module).put_in is not None
            held = self.budget.hold(around.name, module, x, context, attn_bias, is_given=is_given)
            if held == "stored" and not is_given and would_be_fused_again(module, x):
                held = "by parts"
            self.held[name] = held
            self.recording.holding = self.budget.holding
            around.bias, attn_bias = self.biases.of(attn_bias, module.heads)
            mask = mask.clone() if isinstance(mask, torch.Tensor) else mask
            edits = edits_of(module)
            call = Call(x, mask, context, attn_bias, held, edits, size=self.budget.size)
            self.calls[name] = call, around
        self._wait_for(name, module, held)

    def _note_interventions(self, name: str, module: AttentionModule) -> None:
        """Say what is changed in the model; raise RecordingError where a map would be none."""
        if edits_of(module).removes:
            raise RecordingError(
                f"{name}: edges are cut and its rows not renormalised, so what it uses is no "
                "distribution and cannot be recorded as a map: renormalise, or measure the output"
            )
        given = [as_dict(one) for one in given_in(self.model)]
        known = self.recording.made_by.setdefault("interventions", []) if given else []
        known += [one for one in given if one not in known]

    def _check(self, around: CallContext, x: torch.Tensor, context: torch.Tensor | None) -> None:
        if x.ndim != 3 or (context is not None and context.ndim != 3):
            return  # the module itself says what is wrong
        keys = None if context is None else context.shape[1]
        shaped = around.video_shape is not None
        self.choice.check_call(around.name, x.shape[0], x.shape[1], keys, shaped)

    def _wait_for(self, name: str, module: AttentionModule, held: Held) -> None:
        """Listen for the map: the model attends in the open only while somebody waits for it.

        A call that is recomputed is not recorded, but has to take the same way.
        """
        parted = held == "by parts" and hasattr(module, "attn_parts")
        heard, see = (
            (module.attn_parts, self._see_parts) if parted else (module.attn_dropout, self._see_map)
        )
        if name in self.waiting:  # a call before this one was broken off
            self.waiting.pop(name).remove()
        hook = Hook(self, heard, partial(see, name))
        self.waiting[name] = heard.register_forward_pre_hook(hook)

    def _see_projection(
        self, name: str, which: str, module: nn.Module, args: Any, output: torch.Tensor
    ) -> None:
        if name in self.calls:
            setattr(self.calls[name][0], which, output.detach())

    def _see_alibi(self, name: str, module: nn.Module, args: Any, bias: torch.Tensor) -> None:
        if name not in self.calls:
            return
        slopes = slopes_of(module)
        if len(args) > 1:  # of a run of rows: what is added to them is not worth keeping
            self.calls[name][0].alibi = (slopes, 0.0)
            return
        i, j = args[0].shape[-2:]
        rows = Sample.of(1, i, 1, self.choice.verify_rows).rows
        query, key = (torch.arange(size, device=bias.device) for size in (i, j))
        exact = alignment.alibi(slopes, alignment.distance(query[rows], key, i, j))
        seen = bias.detach().reshape(-1, *bias.shape[-2:])[: len(slopes)]
        fits = seen.shape[-2:] == (i, j)
        error = (seen[:, rows] - exact).abs().max() if fits else float("inf")
        self.calls[name][0].alibi = (slopes, error)

    def _see_map(self, name: str, module: nn.Module, args: tuple[torch.Tensor]) -> None:
        if name in self.calls:
            attn = args[0].detach()
            written = getattr(module, "inplace", False) and module.training
            self.calls[name][0].attn = attn.clone() if written else attn

    def _see_parts(self, name: str, module: nn.Module, args: tuple[Any, ...]) -> None:
        if name in self.calls:
            q, k, logsumexp, precision = args
            self.calls[name][0].parts = Parts(
                _detached(q), _detached(k), _detached(logsumexp), precision
            )

    def _see_mixed(
        self, name: str, attention: AttentionModule, module: nn.Module, args: Any, kwargs: Any
    ) -> None:
        if name in self.calls:
            mixed = next(iter((*args, *kwargs.values())), None)
            self.calls[name][0].see_mixed(attention, mixed, self.choice)

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
                self._settle()
                self._release()

    def _keep(self, module: AttentionModule, call: Call, around: CallContext) -> None:
        if call.kv is None or (call.attn is None and call.parts is None):
            self.heard.silent[around.name] += 1
            return
        try:
            if has_to_wait(call):
                call.wait()
                self.waiting_calls.append(Waiting(module, call, around))
                self.budget.kept[call.held] += call.size
                self._settle_if_many()
            else:
                if self.waiting_calls:
                    self._settle()
                self.biases.settle()
                self._add(self.builder.build(module, call, around))
        except Exception as error:
            self._could_not(around, error)
            return
        if self.broken:
            raise self.broken
        self.frames.recorded[around.name] += 1
        self.done += 1
        if self.on_progress:
            self.on_progress(self.done, len(self.watched))

    def _add(self, record: AttentionRecord) -> None:
        """Keep a record, or what the sink makes of it; what the sink raises is raised later, where
        no other call suffers from it.
        """
        self.made += 1
        kept: AttentionRecord | None = record
        if self.sink is not None and self.broken is None:
            try:
                kept = self.sink(record)
            except Exception as error:
                self.broken = error
        if kept is not None:
            self.recording.records.append(kept)
            self.budget.kept[kept.map.held] += kept.map.nbytes

    def _could_not(self, around: CallContext, error: Exception) -> None:
        """Somebody else's model is running: it is not stopped for what is only looked at."""
        self.heard.failed[around.name] = f"{type(error).__name__}: {str(error)[:300]}"

    def _settle_if_many(self) -> None:
        """Let go of what calls hold until they are settled, before it is much."""
        held = sum(one.call.waiting_bytes for one in self.waiting_calls)
        if held >= self.builder.most_waiting(self.waiting_calls[-1].call):
            self._settle()

    def _settle(self) -> None:
        """Make the records of calls that wait, and return when all of them can be read."""
        waiting, self.waiting_calls = self.waiting_calls, []
        if self.origin_is_due:  # while the GPU is busy
            self._note_origin((), {}, NOT_YET)
        self.biases.settle()
        for one, found in zip(waiting, self.builder.settle(waiting), strict=True):
            self.budget.kept[one.call.held] -= one.call.size
            if isinstance(found, Exception):
                self._could_not(one.around, found)
            else:
                self._add(found)
        self.builder.transfers.wait()
        if self.digest is not None:
            digest, self.digest = self.digest, None
            try:
                self.recording.made_by["input_digest"] = digest.result()
            except Exception as error:
                self.recording.made_by["input_digest"] = _unknown(error)


def _unknown(error: Exception) -> str:
    return f"unknown ({type(error).__name__}: {str(error)[:100]})"


def has_to_wait(call: Call) -> bool:
    """Whether to look at what this call computed is to wait for a GPU."""
    return call.kv is not None and call.kv.is_cuda


def _detached(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach() if tensor.requires_grad else tensor
