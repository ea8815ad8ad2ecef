"""No two contents of a component are ever sent as the same bytes, so none is ever remembered late.

Newer contents have greater numbers: the browser tells by them which of two calls is the older.

Streamlit's browser side lists the large messages it remembers with every request and forgets those
that two finished runs did not use. A request that waited while a run finished can so be answered
with a reference to a message just forgotten: "Cached ForwardMsg MISS", and the page is dead until
it is loaded again. A key held down and then turned back does it (Streamlit 1.67). What stays the
same from run to run is always remembered, and still sent as a short reference.
"""

import struct
import time
from dataclasses import dataclass
from zlib import crc32

from phenaki_viz.ui.session import page

LENGTH = 8  # bytes at the end: `isOvertaken` of page/order.js reads the order of calls off them


@dataclass
class Stamp:
    """What a component was sent last: checksum of the content, and its number."""

    content: int = -1
    number: int = 0


def stamped(key: str, content: bytes) -> bytes:
    """The content and a number that is new when the content is, or when it is drawn again.

    key: the component's; Streamlit drops its state in a run that does not draw it.
    """
    stamp: Stamp = page.first(f"{key}.stamp", Stamp())
    checksum = crc32(content)
    if checksum != stamp.content or not page.has(key):
        stamp.content, stamp.number = checksum, max(time.time_ns(), stamp.number + 1)
    return content + struct.pack("<Q", stamp.number)
