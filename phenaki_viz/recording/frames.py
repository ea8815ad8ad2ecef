"""Where a call belongs: which run of which transformer, which use in it, which pass of guidance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from phenaki_viz.recording.call import CallContext
from phenaki_viz.recording.families import phenaki


@dataclass
class Frame:
    """A module under way that attention modules are in: the model, a transformer, a guided one.

    number: how many of its runs came before. uses: calls of each attention module in this run.
    """

    module: nn.Module
    number: int
    transformer: bool
    video_shape: Sequence[int] | None
    guided: bool
    branch: str | None
    uses: dict[str, int] = field(default_factory=dict)


@dataclass
class Frames:
    """The modules under way, outermost first, and how often each has run.

    entered: runs of each outer module. alone: calls of attention that no outer module is around.
    recorded: calls of each layer that were recorded.
    """

    found: phenaki.Listened
    stack: list[Frame] = field(default_factory=list)
    entered: dict[str, int] = field(default_factory=dict)
    alone: dict[str, int] = field(default_factory=dict)
    recorded: dict[str, int] = field(default_factory=dict)

    def enter(self, name: str, module: nn.Module, args: Any, kwargs: Any) -> None:
        """An outer module begins to run."""
        self.forget(module)  # a run before this one may have been broken off
        guided, transformer = name in self.found.guided, name in self.found.transformers
        named = dict(zip(("x", "video_shape"), args, strict=False)) | kwargs
        branch = phenaki.branch_of(name, module, kwargs) if guided else None
        number = self.entered.get(name, 0)
        self.stack.append(
            Frame(
                module,
                number,
                transformer,
                named.get("video_shape") if transformer else None,
                guided,
                branch,
            )
        )
        self.entered[name] = number + 1

    def has(self, module: nn.Module) -> bool:
        """Whether a module is under way."""
        return any(frame.module is module for frame in self.stack)

    def forget(self, module: nn.Module) -> bool:
        """Drop a module's frame and those inside it; whether it was a transformer's."""
        for at, frame in enumerate(self.stack):
            if frame.module is module:
                del self.stack[at:]
                return frame.transformer
        return False

    def count(self, name: str) -> None:
        """A call of a layer was recorded."""
        self.recorded[name] = self.recorded.get(name, 0) + 1

    def around(self, name: str, labels: Mapping[str, Any]) -> CallContext:
        """Which call of an attention module this is that begins. labels: of the recording."""
        uses = self.stack[-1].uses if self.stack else self.alone
        use, shared = uses.get(name, 0), self.found.shared.get(name, ())
        uses[name] = use + 1
        if self.stack:
            forward = self.stack[-1].number
        else:  # called by itself: each round of the layers that it serves is a run
            forward, use = divmod(use, len(shared) or 1)
        shape, guided = None, []
        for frame in self.stack:
            if frame.transformer:
                shape = frame.video_shape
            if frame.guided:
                guided.append(frame.branch)
        named = shared[use % len(shared)] if shared else name
        return CallContext(
            name=named,
            count=self.recorded.get(named, 0),
            forward=forward,
            use=use,
            shared=shared,
            video_shape=shape,
            # A self critic asks MaskGit: these maps are the critic's.
            branch=labels.get("branch") or (guided[0] if guided else None),
            step=labels.get("step"),
        )
