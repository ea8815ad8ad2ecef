"""Numbers for the browser as one buffer: raw bytes reach a component only at the top level."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

TYPES = ("float32", "uint16", "uint8")


def pack(header: Mapping[str, Any], **parts: np.ndarray | bytes) -> bytes:
    """`uint32` little-endian header length | JSON header | the arrays, each on a 4-byte boundary.

    parts: float32, uint16 or uint8 of any shape, sent flat in C order, or bytes, which arrive as
    uint8; the header gains `parts: [[name, type, count], …]`. `unpack` of numbers/message.js is the
    other end. Raises TypeError for other types and ValueError for a header that JSON cannot hold.
    """
    arrays = {name: _array(part) for name, part in parts.items()}
    for name, part in arrays.items():
        if part.dtype.name not in TYPES:
            raise TypeError(f"part {name!r} is {part.dtype}, the browser reads {', '.join(TYPES)}")
    listed = [[name, part.dtype.name, part.size] for name, part in arrays.items()]
    text = _aligned(json.dumps({**header, "parts": listed}, allow_nan=False).encode(), b" ")
    body = b"".join(_aligned(part.tobytes(), b"\0") for part in arrays.values())
    return struct.pack("<I", len(text)) + text + body


def _array(part: np.ndarray | bytes) -> np.ndarray:
    return np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part


def _aligned(content: bytes, filler: bytes) -> bytes:
    return content + filler * (-len(content) % 4)
