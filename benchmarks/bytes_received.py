"""What a page of the app gets over its websocket."""

from playwright.sync_api import Page


def listen(page: Page) -> list[int]:
    """Bytes of every message from here on, in a list that grows; clear it before what counts."""
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda content: received.append(len(content))),
    )
    return received
