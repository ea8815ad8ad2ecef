"""Attention calls of a recording: what is done when one begins, and when it has returned."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from phenaki_viz.errors import PhenakiVizError, RecordingError
from phenaki_viz.numerics.edits import NONE, Edits
from phenaki_viz.numerics.precision import autocast_dtype
from phenaki_viz.recording.arguments import call_arguments, key_mask_of, tensor_of
from phenaki_viz.recording.call import Call, CallContext
from phenaki_viz.recording.call_maps import sample_of
from phenaki_viz.recording.circumstances import is_recomputed, stand_in, would_be_fused_again
from phenaki_viz.recording.estimates import sizes_of
from phenaki_viz.recording.families.phenaki import AttentionModule, parts_of, tells_values
from phenaki_viz.recording.frames import Frames
from phenaki_viz.recording.hook import Hook, Listener
from phenaki_viz.recording.interventions.in_force import any_given, edits_of, given_in
from phenaki_viz.recording.interventions.kinds import as_dict
from phenaki_viz.recording.locks import Turn
from phenaki_viz.recording.making import Making
from phenaki_viz.recording.maps import Storage
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.seen import Seen
from phenaki_viz.recording.walking import attribute_of


@dataclass(eq=False)
class Calls:
    """Begins and ends the calls of all attention modules of one recording.

    on_progress, of: called with how many calls there were, of so many modules. under_way: how many
    calls have begun and not returned. done: how many have a record, or will.
    """

    model: nn.Module
    choice: RecordOptions
    listener: Listener
    frames: Frames
    records: Making
    turn: Turn
    on_progress: Callable[[int, int], None] | None
    of: int
    under_way: int = 0
    done: int = 0

    def of_module(self, name: str, module: AttentionModule) -> "OfModule":
        """The calls of one module."""
        return OfModule(self, Seen(name, module, self.choice))

    def returned(self) -> None:
        """A call has ended: the records are made where nobody else sees to it."""
        if not self.frames.stack and not self.under_way:
            self.records.settle()
            self.turn.give_back()

    def keep(self, call: Call) -> None:
        """A recorded call has returned."""
        if not self.records.keep(call):
            return
        self.frames.count(call.around.name)
        self.done += 1
        if self.on_progress:
            self.on_progress(self.done, self.of)

    def note_interventions(self, name: str, edits: Edits) -> None:
        """Say what is changed in the model; raise RecordingError where a map would be none."""
        if edits.removes:
            raise RecordingError(
                f"{name}: edges are cut and its rows not renormalised, so what it uses is no "
                "distribution and cannot be recorded as a map: renormalise, or measure the output"
            )
        if given := [as_dict(one) for one in given_in(self.model)]:
            known = self.records.recording.provenance.setdefault("interventions", [])
            known += [one for one in given if one not in known]

    def check(self, around: CallContext, x: torch.Tensor, context: torch.Tensor | None) -> None:
        """Raise RecordingError when what was asked for does not fit this call."""
        if x.ndim != 3 or (context is not None and context.ndim != 3):
            return  # the module itself says what is wrong
        keys = None if context is None else context.shape[1]
        shaped = around.video_shape is not None
        self.choice.check_call(around.name, x.shape[0], x.shape[1], keys, shaped)


class OfModule:
    """The calls of one attention module.

    seen: what its hooks note of the one under way. parts: where it hands over what its map can be
    made of, or None.
    """

    def __init__(self, calls: Calls, seen: Seen) -> None:
        self.calls, self.seen = calls, seen
        self._listening: list[Hook] = []
        self._hooks: dict[nn.Module, Hook] = {}
        self._to_kv = attribute_of(seen.module, "to_kv")
        self.parts = parts_of(seen.module)
        # Else they are told with the parts, or listened to while somebody waits for the map.
        self.always_hears_kv = bool(calls.choice.extras) or not tells_values(self.parts)

    def begin(self, module: AttentionModule, args: Any, kwargs: Any) -> None:
        """A call begins: decide whether and how it is recorded, and listen for its map."""
        self.forget()  # a call before this one that was broken off
        given = x, _, context, _ = call_arguments(module, args, kwargs)
        heard = self.calls.records.heard
        what = stand_in((x, context, attribute_of(self._to_kv, "weight")))
        if what:
            heard.stand_ins[what] += 1
        elif not is_recomputed():
            try:
                self._record(module, *given)
            except PhenakiVizError:
                raise
            except Exception as error:
                self.calls.records.could_not(self.seen.name, error)
        else:  # not recorded, but it has to take the same way
            heard.recomputed += 1
            if self.seen.storage is not None:
                self._listen(module, self.seen.storage)

    def end(self, module: AttentionModule, args: Any, output: Any) -> None:
        """A call has returned, or was broken off: `output` is None then."""
        call = self.seen.call
        self.forget()
        try:
            if call is not None and output is not None:
                returned = tensor_of(output)
                if call.writing is not None and returned is not None:
                    call.writing.see_output(returned)
                self.calls.keep(call)
        finally:
            self.calls.returned()

    def _record(
        self, module: AttentionModule, x: torch.Tensor, mask: Any, context: Any, attn_bias: Any
    ) -> None:
        calls, seen = self.calls, self.seen
        records, budget = calls.records, calls.records.budget
        calls.turn.take()
        if not records.origin.is_noted:
            records.origin.begin((), {})
        edits = edits_of(module)
        if edits is not NONE or any_given():
            calls.note_interventions(seen.name, edits)
        around = calls.frames.around(seen.name, records.recording.labels)
        if calls.choice.modules is not None and around.name not in calls.choice.modules:
            return
        if calls.choice.asks_of_calls:
            calls.check(around, x, context)
        if not _tokens(x) or not (context is None or _tokens(context)):
            records.heard.failed[seen.name] = "what it reads is no tensor 'batch × tokens × width'"
            return
        sizes, is_given = sizes_of(module, x, context), edits.put_in is not None
        if not sizes.map_cells:
            records.heard.empty[around.name] += 1
            return
        autocast = autocast_dtype(x.device)
        storage = budget.storage_of(
            around.name, module, x, sizes, autocast or x.dtype, attn_bias, is_given=is_given
        )
        if storage == "dense" and not is_given and would_be_fused_again(module, x):
            storage = "factored"
        around.bias, attn_bias = records.biases.of(attn_bias, module.heads)
        sample = sample_of(storage, sizes.batch, sizes.queries, calls.choice)
        tokens = None if context is None else sizes.keys - sizes.nulls
        if mask is not None:
            mask = key_mask_of(mask, sizes.batch, sizes.keys - sizes.nulls)
            if mask is None:
                records.heard.masked.add(around.name)
        seen.storage = storage
        seen.call = Call(
            module, around, x, sizes, mask, tokens, attn_bias, storage, sample, edits,
            budget.size, autocast,
        )  # fmt: skip
        calls.under_way += 1
        self._listen(module, storage)

    def forget(self) -> None:
        """Listen for no map any more, and let go of the call that is under way."""
        for hook in self._listening:
            hook.take_off()
        self._listening.clear()
        if self.seen.call is not None:
            self.seen.call = None
            self.calls.under_way -= 1

    def _listen(self, module: AttentionModule, storage: Storage) -> None:
        """Wait for the map: the model attends in the open only while somebody does."""
        seen = self.seen
        if storage == "factored" and self.parts is not None:
            self._on(self.parts, seen.parts).put_on(with_kwargs=True)
            return
        self._on(module.attn_dropout, seen.map).put_on(with_kwargs=True)
        if not self.always_hears_kv:
            self._on(self._to_kv, seen.keys_and_values).put_on(after=True)

    def _on(self, module: nn.Module, act: Callable[..., None]) -> Hook:
        """The hook for this module, made once."""
        hook = self._hooks.get(module)
        if hook is None:
            hook = self._hooks[module] = Hook(self.calls.listener, module, act)
        self._listening.append(hook)
        return hook


def _tokens(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and x.ndim > 2
