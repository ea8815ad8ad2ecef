"""A browser that leaves while it is written to is no error; what else goes wrong is one."""

import pytest
from starlette.websockets import WebSocket, WebSocketDisconnect

from phenaki_viz.ui.components.closed_tabs import ClosedTabs
from tests.own_loop import run_apart


async def listens(scope, receive, send):
    """As Streamlit does: another task writes, this one reads, and closes what reads wrongly."""
    socket = WebSocket(scope, receive, send)
    await socket.accept()
    with pytest.raises(WebSocketDisconnect):
        await socket.send_bytes(b"picture")
    try:
        await socket.receive_bytes()
    except RuntimeError:
        await socket.close()


async def breaks(scope, receive, send):
    """Something else goes wrong in a conversation that is open."""
    await WebSocket(scope, receive, send).accept()
    raise RuntimeError("of its own")


def converse(app, *, leaves):
    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        if leaves and message["type"] == "websocket.send":
            raise OSError

    run_apart(lambda: app({"type": "websocket", "headers": []}, receive, send))


def test_a_browser_that_leaves_while_it_is_written_to_is_no_error():
    with pytest.raises(RuntimeError, match="close message has been sent"):
        converse(listens, leaves=True)
    converse(ClosedTabs(listens), leaves=True)


def test_another_error_is_told():
    with pytest.raises(RuntimeError, match="of its own"):
        converse(ClosedTabs(breaks), leaves=False)
