"""What a component was sent, read back: the Python twin of `unpack` in numbers/message.js."""

import json
import struct
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from phenaki_viz.ui.components.stamps import LENGTH
from tests.components.test_weight_codes import read_back


def unpack(sent: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays (flat) of one buffer made by `pack`."""
    (length,) = struct.unpack_from("<I", sent)
    header = json.loads(sent[4 : 4 + length])
    parts, at = {}, 4 + length
    for name, kind, count in header["parts"]:
        parts[name] = np.frombuffer(sent, kind, count, at)
        at += -(-parts[name].nbytes // 4) * 4
    assert at == len(sent)
    return header, parts


def sent(at: AppTest, which: int = 0) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the page's component number `which` was sent in the last run."""
    header, parts = unpack(at.get("bidi_component")[which].proto.bytes[:-LENGTH])
    if "listed" in parts:
        parts["values"] = read_back(parts)
    return header, parts


def words_on(at: AppTest) -> list[str]:
    """All that the page says in words: captions, text, and the lines that go with pictures."""
    found = [element.value for element in (*at.markdown, *at.caption)]
    for component in at.get("bidi_component"):
        header, _ = unpack(component.proto.bytes[:-LENGTH])
        badge = (header.get("badge") or {}).values()
        lines = (header.get("title"), header.get("text"), *header.get("notes", ()), *badge)
        found += [line for line in lines if line]
    return found
