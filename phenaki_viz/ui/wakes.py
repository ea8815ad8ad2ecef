"""What a page's script says wakes the server's event loop once, however much it says in one breath.

Streamlit (1.67) wakes it twice for each message, by a write to a socket at which script and loop
change places in the interpreter: some sixty times between a model's end and the painted map.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from streamlit.runtime.app_session import AppSession
from streamlit.runtime.runtime import Runtime

Call = Callable[[], None]
_call_soon: Any = AppSession._call_soon_on_event_loop
_wake_sender: Any = Runtime._enqueued_some_message


class Calls:
    """Calls that wait for their session's event loop, in their order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Call] = []

    def add(self, call: Call) -> bool:
        """Whether the loop has to be woken for it: nothing else waits yet."""
        with self._lock:
            self._waiting.append(call)
            return len(self._waiting) == 1

    def begin(self, call_soon: Callable[[Call], Any]) -> None:
        """Hand all that wait to the loop, each by itself; called on the loop."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for call in waiting:
            call_soon(call)


_calls: WeakKeyDictionary[AppSession, Calls] = WeakKeyDictionary()
_breath = threading.local()  # `.wakes` of a thread that says something together


@contextmanager
def together() -> Iterator[None]:
    """What this thread says inside, the loop hears at the end, and sends in one piece.

    It would else be woken by the first word, send that alone, and rest before it sends the others.
    """
    wakes: list[Call] = []
    _breath.wakes = wakes
    try:
        yield
    finally:
        del _breath.wakes
        for wake in wakes:
            wake()


def _soon(session: AppSession, call: Call) -> None:
    calls = _calls.setdefault(session, Calls())
    if calls.add(call):
        wake = partial(_call_soon, session, partial(calls.begin, session._event_loop.call_soon))
        wakes: list[Call] | None = getattr(_breath, "wakes", None)
        if wakes is None:
            wake()
        else:
            wakes.append(wake)


def _to_send(runtime: Runtime) -> None:
    """The sender clears this before it looks at what there is: it will see what is there now."""
    there = runtime._get_async_objs()
    if there.need_send_data.is_set():
        return
    if asyncio._get_running_loop() is there.eventloop:
        there.need_send_data.set()
    else:
        _wake_sender(runtime)


def mend_wakes() -> None:
    """Have what is said while the loop is on its way go with it."""
    AppSession._call_soon_on_event_loop = _soon  # type: ignore[method-assign, assignment]
    Runtime._enqueued_some_message = _to_send  # type: ignore[method-assign, assignment]
