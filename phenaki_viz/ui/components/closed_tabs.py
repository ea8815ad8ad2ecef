"""A tab that is closed while the server writes to it: a conversation has ended, and that is all.

Starlette notes that the browser is gone and says so to whoever writes; Streamlit, which listens at
that moment, hears of it as an error of its own and tries to close what is closed.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ClosedTabs:
    """Ends a websocket's conversation quietly where the browser left while it was written to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or converse. Raises what the app raises in an open conversation."""
        if scope["type"] != "websocket":
            return await self.app(scope, receive, send)
        is_gone = False

        async def answer(message: Message) -> None:
            nonlocal is_gone
            try:
                await send(message)
            except OSError:  # so servers say it (ASGI 2.4)
                is_gone = True
                raise

        try:
            await self.app(scope, receive, answer)
        except RuntimeError:
            if not is_gone:
                raise
