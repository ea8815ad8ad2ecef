"""Where the packets of a film are, without a frame decoded, and whether the file breaks off."""

import bisect
from dataclasses import dataclass
from typing import Any

import numpy as np

SEGMENT = b"\x18\x53\x80\x67"


@dataclass(frozen=True)
class PacketIndex:
    """The packets of a film, without a frame decoded.

    times: of the frames in the order they are shown, () where the file does not say. keys: places
    among them where decoding can begin. count: of frames. whole: False when the file breaks off.
    """

    times: tuple[int, ...]
    keys: tuple[int, ...]
    count: int
    whole: bool


def index_of(
    film: Any, stream: Any, demuxer: str, content: bytes, damage: tuple[type[Exception], ...]
) -> PacketIndex:
    """Walk over the packets; a film that breaks off is counted as far as it goes."""
    shown: list[tuple[int | None, bool]] = []
    packets, whole = 0, not _is_cut_off(demuxer, content)
    try:
        for packet in film.demux(stream):
            if packet.size:
                packets += 1
                # Cut out by an edit list: decoded for the others' sake, never shown.
                if not packet.is_discard:
                    shown.append((packet.pts, packet.is_keyframe))
    except damage:
        whole = False
    if demuxer == "mov" and packets < stream.frames:
        whole = False
    shown.sort(key=lambda packet: -1 if packet[0] is None else packet[0])
    times = [time for time, _ in shown if time is not None]
    # A bare MPEG stream has no times of its own: FFmpeg makes some up.
    known = len(set(times)) == len(shown) and demuxer != "mpegvideo"
    keys = tuple(at for at, (_, is_key) in enumerate(shown) if is_key)
    return PacketIndex(tuple(times) if known else (), keys if known else (), len(shown), whole)


def runs_from_keys(wanted: range, keys: tuple[int, ...]) -> list[tuple[int, list[int]]]:
    """Wanted places with the key frame that each run of them is decoded from."""
    runs: list[tuple[int, list[int]]] = []
    for place in wanted:
        before = bisect.bisect_right(keys, place)
        key = keys[before - 1] if before else 0
        if runs and key <= runs[-1][1][-1]:
            runs[-1][1].append(place)
        else:
            runs.append((key, [place]))
    return runs


def is_uneven(times: tuple[int, ...]) -> bool:
    """Whether frames are held for times a tenth and a tick of the clock apart, or more."""
    if len(times) < 3:
        return False
    gaps = np.diff(np.asarray(times, np.float64))
    return bool(gaps.max() > 1.1 * gaps.min() + 1)


def _is_cut_off(demuxer: str, content: bytes) -> bool:
    """Whether the file is shorter than it says of itself: Matroska's one segment, AVI's lists."""
    if demuxer == "matroska":
        return _segment_is_cut(content)
    if demuxer == "avi":
        return int.from_bytes(content[4:8], "little") + 8 > len(content)
    return False


def _segment_is_cut(content: bytes) -> bool:
    """Source: RFC 8794 (EBML) section 4: a size takes as many bytes as its leading zeros say; all
    ones means unknown.
    """
    start = content.find(SEGMENT, 0, 4096) + len(SEGMENT)
    if start < len(SEGMENT) or not content[start : start + 1].strip(b"\0"):
        return False
    length = 9 - content[start].bit_length()
    unknown = (1 << 7 * length) - 1
    size = int.from_bytes(content[start : start + length], "big") & unknown
    return size != unknown and start + length + size > len(content)
