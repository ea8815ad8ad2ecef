"""MP4 and its kin through PyAV, where that is installed."""

import importlib
import io
from typing import Any

import numpy as np

from phenaki_viz.data.clip import Clip
from phenaki_viz.data.damage import DAMAGE, damage_means
from phenaki_viz.data.limits import ClipLimits, check_frame
from phenaki_viz.errors import VideoError

DECODERS = ("h264", "hevc", "vp8", "vp9", "libdav1d", "av1", "mpeg4", "mjpeg", "prores", "ffv1")
EBML = b"\x1a\x45\xdf\xa3"
SEGMENT = b"\x18\x53\x80\x67"


def read_film(name: str, content: bytes, limits: ClipLimits) -> Clip:
    """Decode the first frames of the first video stream, shrunk as they come, turned upright.

    Raises VideoError without PyAV, for a film without video, over the limits, of a codec that is
    not listed, or one that cannot be decoded.
    """
    av = _pyav(name)
    demuxer = "matroska" if content.startswith(EBML) else "mov"
    # The demuxer is named and no protocol allowed: a film opens no other file and no address.
    options = {
        "codec_whitelist": ",".join(DECODERS),
        "protocol_whitelist": "none",
        "max_pixels": str(limits.pixels),
    }
    with damage_means(f"{name} cannot be decoded"):
        with av.open(io.BytesIO(content), format=demuxer, options=options) as film:
            stream = _stream(name, film, limits)
            frames, more, broken = _read(film, stream, limits)
    if not frames:
        raise VideoError(f"{name} has no frames")
    notes = ["frame rate was dropped: every frame is one step"]
    if more:
        notes.append(f"the first {limits.frames} frames are used")
    elif broken or len(frames) < stream.frames or _is_cut_off(content):
        of = f" of {stream.frames}" if stream.frames else ""
        notes.append(f"{len(frames)}{of} frames: the file is damaged or ends early")
    return Clip(np.stack(frames), name, tuple(notes))


def _pyav(name: str) -> Any:
    try:
        return importlib.import_module("av")
    except ImportError as error:
        raise VideoError(
            f"{name} is a film; reading films needs PyAV: pip install 'phenaki-viz[video]' "
            "(or convert it to GIF)"
        ) from error


def _stream(name: str, film: Any, limits: ClipLimits) -> Any:
    """The first video stream, priced and fenced before a frame is decoded."""
    if not film.streams.video:
        raise VideoError(f"{name} has no video stream")
    stream = film.streams.video[0]
    context = stream.codec_context
    if context.name not in DECODERS:
        raise VideoError(f"{name} is encoded with {context.name}; save it as H.264")
    # Matroska does not count its frames: as many as are kept are priced.
    frames = min(stream.frames or limits.frames, limits.frames)
    check_frame(name, stream.width, stream.height, frames, limits)
    context.options = {"max_pixels": str(limits.pixels)}
    return stream


def _read(film: Any, stream: Any, limits: ClipLimits) -> tuple[list[np.ndarray], bool, bool]:
    """Frames, whether more follow, and whether the film broke off."""
    factor = min(1.0, limits.side / max(stream.width, stream.height))
    size = {
        "width": max(1, round(stream.width * factor)),
        "height": max(1, round(stream.height * factor)),
    }
    frames: list[np.ndarray] = []
    try:
        for frame in film.decode(stream):
            if len(frames) == limits.frames:
                return frames, True, False
            turned = _turned(frame.to_ndarray(format="rgb24", **size), frame.rotation)
            frames.append(turned)
    except DAMAGE:
        if not frames:
            raise
        return frames, False, True
    return frames, False, False


def _turned(frame: np.ndarray, rotation: int) -> np.ndarray:
    """rotation: degrees counterclockwise, as cameras write it; only quarter turns are followed."""
    return np.rot90(frame, rotation // 90) if rotation % 90 == 0 else frame


def _is_cut_off(content: bytes) -> bool:
    """Whether a Matroska film is shorter than its one segment says.

    Source: RFC 8794 (EBML) section 4: a size takes as many bytes as its leading zeros say; all
    ones means unknown.
    """
    start = content.find(SEGMENT, 0, 4096) + len(SEGMENT)
    if start < len(SEGMENT) or not content[start : start + 1].strip(b"\0"):
        return False
    length = 9 - content[start].bit_length()
    unknown = (1 << 7 * length) - 1
    size = int.from_bytes(content[start : start + length], "big") & unknown
    return size != unknown and start + length + size > len(content)
