"""The picture that a page is opened or changed for, before the widgets around it.

A browser draws what it is sent in the order in which it comes, and widgets are dear to it: those of
a page take it longer than everything else on the way to the map, and while the model runs they
share its cores. The script has to run through them first, as they say what is to be drawn. So what
it says of them is held back until the picture is on its way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

from phenaki_viz.ui import session
from phenaki_viz.ui.state.stage import REDRAWN

# Headings (without one there is no sidebar yet, and the picture would be wider), styles, and our
# own components: what a picture needs, and it itself.
PANEL = "bidi_component"
AT_ONCE = ("heading", "html", PANEL, "empty")
VALUES = ("value", "values", "raw_value", "raw_values")  # where Streamlit's widgets have theirs
_SET = "widgets.set"
_STOOD = "picture.stood"
Place = tuple[int, ...]


class Held:
    """What was said of widgets, in the order in which it was said; the rest is passed on by `tell`.

    In one place of the page messages keep their order, as the browser knows them by it: what
    comes after a thing that is held, in the same place or in it, is held too.

    opening: the page is not there yet; pictures and their places are passed on as they are said.
    Else they are kept for `show`, so that the browser draws them once. stood: `places` of the run
    before, None where the page may be another one: where they are the same, what stands in them is
    shown alone, as each place that is named has all of it drawn anew. known: values that widgets
    were set to, by their ids; another one has to reach the browser at once, which else would send
    the old one with whatever is done next.
    """

    def __init__(
        self,
        tell: Callable[[ForwardMsg], None],
        opening: bool = True,
        known: dict[str, Any] | None = None,
        stood: list[bytes] | None = None,
    ) -> None:
        self.tell = tell
        self.stood = stood
        self.places: list[bytes] = []  # of the picture and around it, up to the first `show`
        self.shown = False
        self.opening = opening
        self.known = {} if known is None else known
        self.pictures: list[ForwardMsg] = []
        self.waiting: list[ForwardMsg] = []
        self.ended = False
        self._stopped: set[Place] = set()

    def hear(self, message: ForwardMsg) -> None:
        """Pass a message on, or hold it back; what is said of long work is never waited for."""
        is_news = self._sets_anew(message) and not self.opening
        if is_news or _tells_of_work(message):
            self.end()
        if self.ended:
            self.tell(message)
        else:
            self._sort(message)

    def _sort(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") != "delta":
            self.tell(message)
        elif self._holds(message):
            self.waiting.append(message)
        else:
            if not self.shown:
                self.places.append(_place(message))
            if self.opening:
                self.tell(message)
            else:
                self.pictures.append(message)

    def _sets_anew(self, message: ForwardMsg) -> bool:
        """Whether a widget is set to what its browser cannot know."""
        widget: Any = getattr(message.delta.new_element, _kind(message), None)
        if not hasattr(widget, "set_value"):
            return False
        before = self.known.pop(widget.id, None)
        if not widget.set_value:
            return False
        value = [str(getattr(widget, name)) for name in VALUES if hasattr(widget, name)]
        self.known[widget.id] = value
        return value != before

    def _holds(self, message: ForwardMsg) -> bool:
        *place, _ = path = tuple(message.metadata.delta_path)
        behind = any(path[:depth] in self._stopped for depth in range(len(path) + 1))
        if behind or _is_widget(message):
            self._stopped |= {tuple(place), path}
            return True
        return False

    def show(self) -> None:
        """Pass on the picture and what it needs."""
        pictures, self.pictures = self.pictures, []
        if not (self.shown or self.ended):
            self.shown = True
            if self.places == self.stood:
                around = [message for message in pictures if _kind(message) != PANEL]
                self.waiting = around + self.waiting
                pictures = [message for message in pictures if _kind(message) == PANEL]
        self._tell_all(pictures)

    def end(self) -> None:
        """Pass on what waits, and hold nothing more."""
        self.ended = True
        self.show()
        waiting, self.waiting = self.waiting, []
        self._tell_all(waiting)

    def _tell_all(self, messages: list[ForwardMsg]) -> None:
        for message in messages:
            self.tell(message)


def _place(message: ForwardMsg) -> bytes:
    """Where a message has its place, and all by which the browser knows what stands there."""
    delta = message.delta
    what = delta.add_block.SerializeToString() if delta.HasField("add_block") else b""
    if _kind(message) == PANEL:
        what = delta.new_element.bidi_component.id.encode()
    path = ",".join(map(str, message.metadata.delta_path))
    return f"{path} {delta.fragment_id} {_kind(message)} ".encode() + what


def _kind(message: ForwardMsg) -> str:
    """Of the new element; "" for another message."""
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
def first(opening: bool = True) -> Iterator[None]:
    """Inside, widgets wait for `release`, at the latest until the end. opening: see `Held`."""
    context = get_script_run_ctx()
    if context is None or id(context) in _held:
        yield
        return
    known, stood = session.page.first(_SET, {}), session.page.take(_STOOD)
    if session.page.take(REDRAWN):
        stood = None
    held = _held[id(context)] = Held(context._enqueue, opening, known, stood)
    context._enqueue = held.hear
    try:
        yield
    finally:
        del _held[id(context)]
        context._enqueue = held.tell
        held.end()
    if held.shown:  # and the run was not overtaken: the browser has heard of all of it
        session.page.put(_STOOD, held.places)


def show() -> None:
    """The picture is said: it goes on its way."""
    if held := _here():
        held.show()


def release() -> None:
    """The picture is on its way: so may be the rest."""
    if held := _here():
        held.end()


def _here() -> Held | None:
    return _held.get(id(get_script_run_ctx()))
