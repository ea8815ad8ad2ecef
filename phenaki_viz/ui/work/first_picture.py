"""The picture that a page is opened for, before the widgets around it.

A browser draws what it is sent in the order in which it comes, and widgets are dear to it: those of
a first page take it longer than everything else on the way to the map. The script has to run
through them first, as they say what is to be drawn. So what it says of them is held back until the
picture is on its way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Headings (without one there is no sidebar yet, and the picture would be wider), styles, and our
# own components: what a picture needs, and it itself.
AT_ONCE = ("heading", "html", "bidi_component", "empty")
Place = tuple[int, ...]


class Held:
    """What was said of widgets, in the order in which it was said; `tell` passes on the rest.

    In one place of the page things are told in their order, as the browser knows them by it: what
    comes after a thing that is held, in the same place or in it, is held too.
    """

    def __init__(self, tell: Callable[[ForwardMsg], None]) -> None:
        self.tell = tell
        self.waiting: list[ForwardMsg] = []
        self.ended = False
        self._stopped: set[Place] = set()

    def hear(self, message: ForwardMsg) -> None:
        """Pass a message on, or hold it back; what is said of long work is never waited for."""
        if _tells_of_work(message):
            self.end()
        if self.ended or not self._holds(message):
            self.tell(message)
        else:
            self.waiting.append(message)

    def _holds(self, message: ForwardMsg) -> bool:
        if message.WhichOneof("type") != "delta":
            return False
        *place, _ = path = tuple(message.metadata.delta_path)
        behind = any(path[:depth] in self._stopped for depth in range(len(path) + 1))
        if behind or _is_widget(message):
            self._stopped |= {tuple(place), path}
            return True
        return False

    def end(self) -> None:
        """Pass on what waits, and hold nothing more."""
        self.ended = True
        waiting, self.waiting = self.waiting, []
        for message in waiting:
            self.tell(message)


def _kind(message: ForwardMsg) -> str:
    """Of the element that is told of; "" for another message."""
    delta = message.delta
    is_element = message.WhichOneof("type") == "delta" and delta.WhichOneof("type") == "new_element"
    return (delta.new_element.WhichOneof("type") or "") if is_element else ""


def _is_widget(message: ForwardMsg) -> bool:
    return _kind(message) not in ("", *AT_ONCE)


def _tells_of_work(message: ForwardMsg) -> bool:
    """A bar, or a spinner, which Streamlit calls transient."""
    return _kind(message) == "progress" or message.delta.WhichOneof("type") == "new_transient"


_held: dict[int, Held] = {}  # by the thread's context: one that is held already is not held twice


@contextmanager
def first(begin: bool = True) -> Iterator[None]:
    """Inside, widgets wait for `release`, at the latest until the end; unless not to `begin`."""
    context = get_script_run_ctx()
    if context is None or not begin or id(context) in _held:
        yield
        return
    held = _held[id(context)] = Held(context._enqueue)
    context._enqueue = held.hear
    try:
        yield
    finally:
        del _held[id(context)]
        context._enqueue = held.tell
        held.end()


def release() -> None:
    """The picture is on its way: so may be the rest."""
    context = get_script_run_ctx()
    if context is not None and (held := _held.get(id(context))):
        held.end()
