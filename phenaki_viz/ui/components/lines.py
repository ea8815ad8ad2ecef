"""Lines of large maps, which strips fetch from beside the page without a run of its script.

An address names one head by a secret that only its session was told. It is good as long as the
session shows some head or other of that recording, and no longer than there is a recording.
"""

import secrets
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from phenaki_viz.analysis.overlay import Direction
from phenaki_viz.browser.lines import Lines
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.figures.head import Head
from phenaki_viz.recording import AttentionRecord, Recording
from phenaki_viz.ui.session import page

LINES_PATH = "phenaki-viz/lines"
MOST_OPEN = 8  # heads of a session
_STATE = "lines.open"
HEADERS = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}


@dataclass(eq=False)
class _Open:
    """One head that a session may ask lines of; holds nothing that is not held elsewhere."""

    recording: weakref.ref[Recording]
    record: weakref.ref[AttentionRecord]
    at: tuple[int, int]
    side: Direction
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def lines(self) -> Lines | None:
        """None when the recording is gone."""
        recording, record = self.recording(), self.record()
        if recording is None or record is None:
            return None
        return Lines(Head(recording, record, *self.at), self.side)


# Sessions hold what is open; with the session it goes.
_open: weakref.WeakValueDictionary[str, _Open] = weakref.WeakValueDictionary()


def lines_address(head: Head, side: Direction) -> str:
    """Where this session's strips fetch lines of a head; the same while it is among the latest."""
    mine: OrderedDict[Hashable, _Open] = page.first(_STATE, OrderedDict())
    key = (id(head.record), head.item, head.head, side)
    found = mine.pop(key, None)
    if found is None or found.record() is not head.record:
        record, recording = weakref.ref(head.record), weakref.ref(head.recording)
        found = _Open(recording, record, (head.item, head.head), side)
    mine[key] = found
    while len(mine) > MOST_OPEN:
        mine.popitem(last=False)
    _open[found.secret] = found
    return f"{LINES_PATH}/{found.secret}"


def answer_lines(request: Request) -> Response:
    """`?at=t.h.w_t.h.w` or `?word=k`; not async: it is computed beside the server's own thread."""
    found = _open.get(request.path_params["secret"])
    lines = found and found.lines
    if not lines:
        return Response(status_code=404, headers=HEADERS)
    try:
        content = lines.answer(request.query_params)
    except PhenakiVizError as error:
        return Response(str(error), 400, headers=HEADERS, media_type="text/plain")
    return Response(content, media_type="application/octet-stream", headers=HEADERS)
