"""What a clip may cost, checked from headers before any pixel is decoded."""

from dataclasses import dataclass

from phenaki_viz.errors import VideoError
from phenaki_viz.nouns import over_limit


@dataclass(frozen=True, kw_only=True)
class ClipLimits:
    """frames: kept at most, the rest is cut with a note. side: longest side kept, larger frames
    are shrunk as they are read. pixels: of one frame as it is in the file. work: pixels of all
    frames together that may be decoded. file_bytes: of the file, unpacked.
    """

    frames: int = 129
    side: int = 512
    pixels: int = 4096 * 4096
    work: int = 400_000_000
    file_bytes: int = 256 * 2**20


DEFAULT_LIMITS = ClipLimits()


def check_frame(name: str, width: int, height: int, frames: int, limits: ClipLimits) -> None:
    """Raise VideoError when frames this large, or this many, would cost too much to decode."""
    if width * height > limits.pixels:
        raise VideoError(
            f"{name} has frames of {width}×{height} pixels; at most {limits.pixels:,} pixels a "
            "frame are read. Scale it down first"
        )
    if width * height * frames > limits.work:
        raise VideoError(
            f"{name} has {frames} frames of {width}×{height}: {width * height * frames:,} pixels "
            f"to decode, the limit is {limits.work:,}. Shorten it or scale it down first"
        )


def check_work(name: str, pixels: int, limits: ClipLimits) -> None:
    """Raise VideoError when images read so far have cost too many pixels together."""
    if pixels > limits.work:
        raise VideoError(
            f"{name} has images of more than {limits.work:,} pixels together, which is the limit. "
            "Take fewer or scale them down first"
        )


def check_bytes(name: str, size: int, limits: ClipLimits) -> None:
    """Raise VideoError for an empty file, or one over the limit."""
    if size == 0:
        raise VideoError(f"{name} is empty (0 bytes)")
    if size > limits.file_bytes:
        found, most = over_limit(size, limits.file_bytes)
        raise VideoError(f"{name} has {found}; the limit is {most}")
