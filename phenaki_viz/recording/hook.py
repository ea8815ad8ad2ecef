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
    """Who puts hooks on: what it hears of calls that are not its own.

    key: of its hooks, among those of a module: the number of a handle of PyTorch's.
    """

    thread: int
    key: int

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
        self.listener, self.act = listener, act
        self.module = weakref.ref(module)
        self._key, self._places = 0, ()  # type: int, tuple[dict[int, Any], ...]

    def put_on(
        self,
        *,
        after: bool = False,
        with_kwargs: bool = False,
        always: bool = False,
        first: bool = False,
    ) -> None:
        """Begin to listen, after the module's call or before it.

        What `register_forward_hook` and its twin do, in a third of their time: a recording puts
        on dozens, some of them in every call. with_kwargs, always, first: their `with_kwargs`,
        `always_call` and `prepend`.
        """
        module: Any = self.module()
        hooks = module._forward_hooks if after else module._forward_pre_hooks
        key = self.listener.key
        if key in hooks:  # two hooks on one module: each has a number of its own
            key = RemovableHandle(hooks).id
        self._key, self._places = key, (hooks,)
        hooks[key] = self
        if first:
            hooks.move_to_end(key, last=False)
        if with_kwargs:
            self._mark(
                module._forward_hooks_with_kwargs
                if after
                else module._forward_pre_hooks_with_kwargs
            )
        if always:
            self._mark(module._forward_hooks_always_called)

    def _mark(self, marked: dict[int, Any]) -> None:
        marked[self._key] = True
        self._places += (marked,)

    def take_off(self) -> None:
        """Listen no more."""
        for place in self._places:
            place.pop(self._key, None)
        self._places = ()

    def __call__(self, module: nn.Module, *seen: Any) -> None:
        """Act, if the call is the listener's own."""
        if torch.compiler.is_compiling():
            return  # nothing of a recording belongs into compiled code
        if get_ident() != self.listener.thread:
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
