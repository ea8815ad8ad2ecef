"""A browser without a screen: sends widget values to a Streamlit server, keeps what its page is."""

import contextlib
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

from tests.components.test_weight_codes import read_back
from tests.sent import LENGTH, unpack

ANSWER_SECONDS = 120  # the longest a move may take on a machine with other work
BOX = re.compile(r"say\.[0-9]+")  # of the prompt: another box for each prompt that is set


class Client:
    """One session: sends widget values, keeps what the page consists of."""

    def __init__(self, address: str, query: dict[str, Any]) -> None:
        where = address.replace("http://", "ws://") + "/_stcore/stream"
        self.open = contextlib.ExitStack()
        self.socket: ClientConnection = self.open.enter_context(
            connect(where, subprotocols=["streamlit"], max_size=None)
        )
        self.query = urlencode(query)
        self.script = ""
        self.elements: dict[tuple[int, ...], Any] = {}
        self.values: dict[str, Any] = {}
        self.send()

    def send(self, **widgets: Any) -> None:
        """Run the page with these widgets at other values; the others stay as they were sent."""
        on_page = self._widgets()
        box = next((key for key in on_page if BOX.fullmatch(key)), "say")
        names = {key: box if key == "say" else key.replace("__", ".") for key in widgets}
        self.values |= {names[key]: value for key, value in widgets.items()}
        message = BackMsg()
        client = message.rerun_script
        client.query_string, client.page_script_hash = self.query, self.script
        states = [
            self._state(*on_page[key], value)
            for key, value in self.values.items()
            if key in on_page
        ]
        client.widget_states.widgets.extend(states)
        self.socket.send(message.SerializeToString())

    def _state(self, kind: str, at: str, value: Any) -> WidgetState:
        state = WidgetState(id=at)
        if kind == "slider":
            state.double_array_value.data[:] = [value]
        elif kind == "number_input":
            state.double_value = value
        elif kind in ("multiselect", "button_group"):
            state.string_array_value.SetInParent()  # an empty choice is sent, too
            state.string_array_value.data[:] = value
        elif kind == "checkbox":
            state.bool_value = value
        else:
            state.string_value = value
        return state

    def _widgets(self) -> dict[str, tuple[str, str]]:
        """Kind and id of each widget on the page, by its key."""
        found = {}
        for element in self.elements.values():
            kind = element.WhichOneof("type")
            at = getattr(getattr(element, kind), "id", "")
            if isinstance(at, str) and at.startswith("$$ID-"):
                found[at.split("-", 2)[2]] = kind, at
        return found

    def wait(self, quiet: float = 0) -> None:
        """Until a run has been begun and the last one has ended by itself.

        quiet: seconds without another one after that, where an overtaken run may still follow.
        """
        ends, begun, running = time.monotonic() + ANSWER_SECONDS, False, True
        while True:
            done = begun and not running
            if done and not quiet:
                return
            left = quiet if done else max(0.1, ends - time.monotonic())
            try:
                content = self.socket.recv(timeout=left)
            except TimeoutError:
                if done:
                    return
                raise
            message = ForwardMsg.FromString(content)  # type: ignore[arg-type]
            self._hear(message)
            what = message.WhichOneof("type")
            if what == "new_session":
                begun = running = True
            elif what == "script_finished":
                running = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def rest(self, quiet: float) -> None:
        """Take what comes, until nothing has for so many seconds."""
        while True:
            try:
                message = ForwardMsg.FromString(self.socket.recv(timeout=quiet))  # type: ignore[arg-type]
            except TimeoutError:
                return
            self._hear(message)

    def _hear(self, message: ForwardMsg) -> None:
        """Keep what changes the page."""
        what = message.WhichOneof("type")
        if what == "new_session":
            self.script = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:
                self.elements = {}
        elif what == "delta":
            self._take(message)

    def _take(self, message: ForwardMsg) -> None:
        path, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") == "new_element":
            self.elements[path] = delta.new_element
            self._adopt(delta.new_element)
        elif delta.WhichOneof("type") == "add_block":
            for below in [at for at in self.elements if at[: len(path)] == path]:
                del self.elements[below]

    def _adopt(self, element: Any) -> None:
        """A text that the server sets takes the place of what was typed, as in a browser."""
        if element.WhichOneof("type") != "text_input" or not element.text_input.set_value:
            return
        key = element.text_input.id.split("-", 2)[2]
        if key in self.values:
            self.values[key] = element.text_input.value

    def of_kind(self, kind: str) -> Iterator[Any]:
        """Elements of the page of one kind, in order."""
        for _, element in sorted(self.elements.items()):
            if element.WhichOneof("type") == kind:
                yield getattr(element, kind)

    def components(self) -> dict[str, tuple[dict[str, Any], dict[str, np.ndarray]]]:
        """What each component was sent, by its id."""
        found = {}
        for component in self.of_kind("bidi_component"):
            header, parts = unpack(component.bytes[:-LENGTH])
            if "listed" in parts:
                parts["values"] = read_back(parts)
            found[header.get("id", "")] = header, parts
        return found

    def close(self) -> None:
        """Leave the page."""
        self.open.close()
