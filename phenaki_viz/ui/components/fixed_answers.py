"""Answers that never change, from memory: compressed once, not once for each that asks.

Streamlit (1.67) sends its own scripts as they are and compresses what else is asked for anew each
time, plotly.js for a quarter of a second of one core.
"""

import gzip

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

FOR_A_YEAR = "public, max-age=31536000, immutable"
LEVEL = 6  # of nine: the best is a quarter slower, and saves one byte in 500
WORTH = 0.9  # of its bytes: pictures and fonts are packed already


class FixedAnswer:
    """An ASGI application that answers every request with the same bytes.

    They are sent as gzip to a browser that takes it, where that is smaller; only the smaller form
    is kept. cache: what the browser is told of keeping them, a year where nothing is said.
    """

    def __init__(self, content: bytes, media_type: str, cache: str = FOR_A_YEAR) -> None:
        self._headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
        self._media_type = media_type
        packed = gzip.compress(content, LEVEL, mtime=0)
        self._is_packed = len(packed) < WORTH * len(content)
        if self._is_packed:
            self._kept = self._answer(packed, {"Content-Encoding": "gzip"})
        else:
            self._kept = self._answer(content, {})

    @property
    def size(self) -> int:
        """Bytes of the answer to a browser that takes gzip, without its headers."""
        return len(self._kept.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = self._kept
        if self._is_packed and "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            answer = self._answer(gzip.decompress(self._kept.body), {})
        await answer(scope, receive, send)

    def _answer(self, content: bytes, more: dict[str, str]) -> Response:
        return Response(content, media_type=self._media_type, headers=self._headers | more)
