"""Watch a model's attention while it runs, and leave no trace: one recording under way."""

import warnings
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from threading import get_ident
from typing import Any

from torch import nn

from phenaki_viz.errors import RecordingWarning
from phenaki_viz.recording.biases import Biases
from phenaki_viz.recording.budget import Budget
from phenaki_viz.recording.building import Builder
from phenaki_viz.recording.calls import Calls, OfModule
from phenaki_viz.recording.circumstances import is_recomputed, stand_in
from phenaki_viz.recording.compiled import compiler_is_loaded
from phenaki_viz.recording.families import phenaki
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.frames import Frames
from phenaki_viz.recording.hook import Hook, Left
from phenaki_viz.recording.late_origin import LateOrigin
from phenaki_viz.recording.locks import Turn, lock_of
from phenaki_viz.recording.making import Making, Sink
from phenaki_viz.recording.options import RecordOptions
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.report import Heard
from phenaki_viz.recording.walking import attribute_of, first_weight

TO_THE_BLOCK = 5  # stack levels from a warning here to the `with` that it is about


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
    hooks: list[Hook] = field(default_factory=list)
    listening: list[OfModule] = field(default_factory=list)
    copies: list[tuple[weakref.ref[nn.Module], Left]] = field(default_factory=list)
    thread: int = field(default_factory=get_ident)

    def __post_init__(self) -> None:
        self.frames = Frames(self.found)
        builder = Builder(choice=self.choice)
        budget = Budget(self.choice)
        self.biases = Biases(self.recording, builder.transfers)
        self.turn = Turn(lock_of(self.model))
        self.heard = Heard(type(self.model).__name__, self.watched)
        self.origin = LateOrigin(self.model, self.found, self.recording, self.was_compiled)
        self.records = Making(
            self.recording, builder, budget, self.biases, self.origin, self.heard, self.sink
        )
        self.calls = Calls(
            self.model, self.choice, self, self.frames, self.records, self.turn, self.on_progress,
            len(self.watched),
        )  # fmt: skip
        self.compiler_was_there = compiler_is_loaded()

    def attach(self, watched: dict[str, AttentionModule], hooks: ExitStack) -> None:
        """Put every hook on; `hooks` takes them off again."""
        hooks.callback(self._let_go)
        hooks.callback(self._take_off)
        for name, module in self._outer().items():
            self._on(module, partial(self._enter_outer, name), with_kwargs=True)
            self._on(module, self._leave_outer, after=True, always_call=True)
        for name, module in self.found.position_biases.items():
            self._on(module, partial(self.biases.see, name), after=True)
        for name, attention in watched.items():
            self._attend(name, attention)

    def _attend(self, name: str, attention: AttentionModule) -> None:
        """Listen to one attention module."""
        calls = self.calls.of_module(name, attention)
        self.listening.append(calls)
        seen = calls.seen
        self._on(attention, calls.begin, with_kwargs=True)
        if calls.always_hears_kv:
            self._on(attention.to_kv, seen.keys_and_values, after=True)
        if "queries" in self.choice.extras or calls.parts is None:
            self._on(attention.to_q, seen.queries, after=True)
        # Before any other hook on it: what a switch or an adapter does to it comes after.
        to_out = attribute_of(attention, "to_out")
        self._on(to_out, seen.mixed, with_kwargs=True, prepend=True)
        alibi = attention._modules.get("rel_pos_bias")
        if alibi is not None:
            self._on(alibi, seen.alibi, after=True)
        self._on(attention, calls.end, after=True, always_call=True)

    def _on(self, module: nn.Module, act: Callable[..., None], **how: bool) -> None:
        hook = Hook(self, module, act)
        self.hooks.append(hook)
        hook.put_on(**how)

    def end(self) -> None:
        """Say what was missed, when the block has ended as it should."""
        heard = self.heard
        if self.records.broken:
            raise self.records.broken
        heard.recorded = self.records.made
        if self.choice.modules is None:
            heard.scripted = phenaki.scripted_attention(self.found.parents)
            heard.unscaled = self.found.unscaled
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
        for hook in self.hooks:
            hook.take_off()
        self.records.settle()  # before the recording is handed over

    def _let_go(self) -> None:
        """Leave nothing behind, whatever happened inside."""
        for calls in self.listening:
            calls.forget()
        for reference, left in self.copies:
            left.ran, copy = None, reference()
            if copy is not None:
                left.remove_from(copy)
        self.turn.give_back()
        # They know this session, and it what was recorded: that is to go when its last user lets
        # go of it, with all its memory, not when garbage is collected.
        self.hooks.clear()
        self.listening.clear()
        del self.calls

    def _enter_outer(self, name: str, module: nn.Module, args: Any, kwargs: Any) -> None:
        if is_recomputed() or stand_in((*args, *kwargs.values(), first_weight(self.found.every))):
            return
        self.turn.take()
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
            self.turn.give_back()
