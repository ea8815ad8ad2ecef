"""`record`: every attention call of a model inside a `with` block."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Unpack

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.recording.compiled import compiler_is_loaded, eagerly, is_compiled, uncompiled
from phenaki_viz.recording.families import phenaki
from phenaki_viz.recording.families.phenaki import AttentionModule
from phenaki_viz.recording.hooks import Session
from phenaki_viz.recording.locks import lock_of
from phenaki_viz.recording.making import Sink
from phenaki_viz.recording.options import OptionsByName, RecordOptions, named_options
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.verify import warn_of_failures


def record(
    model: nn.Module,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    sink: Sink | None = None,
    **options: Unpack[OptionsByName],
) -> AbstractContextManager[Recording]:
    """Record every attention call of `model` inside the `with` block.

    A dense map is the very tensor that multiplies the values: the input of `attn_dropout`. A map
    that is factored is recomputed from what fused attention used, which then runs without ever
    making the map. Works on any model built of such attention modules (`to_q`, `to_kv`,
    `attn_dropout`, …), the published phenaki-pytorch classes included. The hooks return None, so
    the model computes what it always does; they are removed whatever happens inside. They hear
    this model in this thread: not its copies, and not what other threads run; while it runs, no
    other thread records it or switches parts of it off. What was compiled runs uncompiled in the
    block. What a backward pass recomputes is no second call.

    options: what is kept of each call and how, every one with its meaning in `RecordOptions`:
    modules, heads, batch_items, extras, storage, dtype, limit_bytes, factored_limit_bytes, words,
    grid, verify_items, verify_rows. on_progress: called after every attention call with (calls so
    far, modules chosen); an exception it raises stops the model. sink: called with every finished
    record, verified, and answers what is kept of the call: the record, or None to drop it, so that
    what is measured of a long run needs the memory of one call; what it raises stops the model.
    Raises RecordingError, before anything is touched, when the model has no such module or the
    options fit no model or not this one; before a call is computed, when they do not fit its
    tokens; RecordingTooLargeError before the first map that would go over its limit. Warns
    (RecordingWarning) at the end of a block in which nothing was recorded, or not all: why stands
    in `Recording.missed`. What comes back is of one block: RecordingError when it is entered again.
    """
    return _Block(_recorded(model, on_progress, sink, options))


class _Block(AbstractContextManager[Recording]):
    """The block of one `record()`, told in words where contextlib ends in an AttributeError."""

    def __init__(self, block: Any) -> None:
        self._block, self._was_entered = block, False

    def __enter__(self) -> Recording:
        if self._was_entered:
            raise RecordingError(
                "what record() gives is of one block, and was entered before: write "
                "`with record(model) as …` anew for each"
            )
        self._was_entered = True
        recording: Recording = self._block.__enter__()
        return recording

    def __exit__(self, *raised: Any) -> bool | None:
        closed: bool | None = self._block.__exit__(*raised)
        return closed

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Each call of the function is a block of its own: of use with a sink."""
        called: Callable[..., Any] = self._block(function)
        return called


@contextmanager
def _recorded(
    model: nn.Module,
    on_progress: Callable[[int, int], None] | None,
    sink: Sink | None,
    options: OptionsByName,
) -> Iterator[Recording]:
    choice = named_options(options)
    if on_progress is not None and not callable(on_progress):
        raise RecordingError(f"on_progress is called with two numbers, got {on_progress!r:.60}")
    if sink is not None and not callable(sink):
        raise RecordingError(f"sink is called with a record, got {sink!r:.60}")
    given, model = model, _recordable(model)
    with ExitStack() as hooks:
        hooks.enter_context(eagerly())
        with lock_of(model):  # nobody has layers cut while they are looked up
            found = phenaki.listened(model)
            watched = _chosen(model, found, choice)
            was_compiled = compiler_is_loaded() and (
                given is not model or is_compiled(found.every, found.parents)
            )
            session = Session(model, choice, found, tuple(watched), on_progress, sink, was_compiled)
            session.attach(watched, hooks)
        yield session.recording
        hooks.close()
        session.end()
    warn_of_failures(session.recording)


def _recordable(model: nn.Module) -> nn.Module:
    """The module whose hooks are called. Raises RecordingError when it has none."""
    if not isinstance(model, nn.Module):
        raise RecordingError(
            f"record() takes a torch.nn.Module, got {type(model).__name__}: of a compiled function "
            "or an exported program, record the module that it was made of, and run that"
        )
    if isinstance(model, torch.jit.ScriptModule):
        raise RecordingError(
            "this model is TorchScript, which calls no Python hooks: record the module that it was "
            "made of"
        )
    if isinstance(model, torch.fx.GraphModule):
        raise RecordingError(
            "this model is an exported or traced graph, in which no attention module is left: "
            "record the module that it was made of"
        )
    return uncompiled(model)


def _chosen(
    model: nn.Module, listened: phenaki.Listened, choice: RecordOptions
) -> dict[str, AttentionModule]:
    """The modules to listen to, by the first of their names."""
    found, shared = listened.attention, listened.shared
    if not found:
        raise RecordingError(phenaki.missing_attention(model))
    if choice.modules is not None:
        names = list(dict.fromkeys(other for name in found for other in shared.get(name, (name,))))
        unknown = sorted(set(choice.modules) - {*found, *names})
        if unknown:
            raise RecordingError(
                f"no attention module named {', '.join(unknown)}; there are {', '.join(names)}"
            )
        found = {
            name: module
            for name, module in found.items()
            if {name, *shared.get(name, ())} & set(choice.modules)
        }
    choice.check_heads({name: module.heads for name, module in found.items()})
    return found
