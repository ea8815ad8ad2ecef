"""One hook: it acts for one module, in one thread, until its block ends."""

import weakref
from collections.abc import Callable
from threading import get_ident
from typing import Any, Protocol

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from phenaki_viz.recording.interventions.in_force import is_left_out


class Listener(Protocol):
    """Who puts hooks on: what it hears of calls that are not its own."""

    thread: int

    def elsewhere(self) -> None:
        """The module ran in another thread."""

    def copied(self, copy: nn.Module | None, left: "Left") -> None:
        """A copy was made of the module, with `left` in the hook's place."""

    def ran_copy(self) -> None:
        """A copy of the module ran."""

    def left_out(self) -> None:
        """The module is in a layer that was cut away on purpose."""


class Hook:
    """Calls `act` when this very module runs in the listener's thread; always returns None.

    Another thread's tensors are not ours. A copy of the module (copy.deepcopy, pickle, replicas)
    is another model: it gets a `Left` instead of this.
    """

    def __init__(self, listener: Listener, module: nn.Module, act: Callable[..., None]) -> None:
        self.listener, self.act, self.thread = listener, act, listener.thread
        self.module = weakref.ref(module)
        self._handle: RemovableHandle | None = None

    def put_on(self, *, after: bool = False, **how: bool) -> None:
        """Begin to listen, after the module's call or before it.

        how: as `register_forward_hook` and `register_forward_pre_hook` take it.
        """
        module: Any = self.module()
        register = module.register_forward_hook if after else module.register_forward_pre_hook
        self._handle = register(self, **how)

    def take_off(self) -> None:
        """Listen no more."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def __call__(self, module: nn.Module, *seen: Any) -> None:
        """Act, if the call is the listener's own."""
        if torch.compiler.is_compiling():
            return  # nothing of a recording belongs into compiled code
        if get_ident() != self.thread:
            self.listener.elsewhere()
        elif module is not self.module():
            self.listener.ran_copy()
        elif is_left_out(module):  # a layer that is cut away runs, but nothing of it is used
            self.listener.left_out()
        else:
            self.act(module, *seen)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Left":
        left, original = Left(), self.module()
        # The copy is in the memo already: it is being filled.
        self.listener.copied(memo.get(id(original)), left)
        return left

    def __reduce__(self) -> tuple[type["Left"], tuple[()]]:
        return Left, ()


class Left:
    """What a copy of a recorded model has in a hook's place: it goes at the copy's first call."""

    def __init__(self) -> None:
        self.ran: Callable[[], None] | None = None

    def __call__(self, module: nn.Module, *seen: Any) -> None:
        """Tell the listener while it listens, and go."""
        if self.ran is not None:
            self.ran()
        self.remove_from(module)

    def remove_from(self, module: nn.Module) -> None:
        """Take it off a module."""
        for hooks in (module._forward_pre_hooks, module._forward_hooks):
            for key in [key for key, hook in hooks.items() if hook is self]:
                del hooks[key]
                for beside in (
                    module._forward_pre_hooks_with_kwargs,
                    module._forward_hooks_with_kwargs,
                    module._forward_hooks_always_called,
                ):
                    beside.pop(key, None)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Left":
        return Left()

    def __reduce__(self) -> tuple[type["Left"], tuple[()]]:
        return Left, ()
