"""MP4, AVI and their kin through PyAV, where that is installed."""

import importlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from phenaki_viz.data.damage import DAMAGE, damage_means
from phenaki_viz.data.film_index import index_of, is_uneven, runs_from_keys
from phenaki_viz.data.film_turned import display_matrix, pixel_aspect, swaps_sides, turned
from phenaki_viz.data.limits import ClipLimits, check_frame
from phenaki_viz.data.reading import Survey
from phenaki_viz.errors import VideoError

# Decoders of FFmpeg's own that films of cameras, of the net and of published data sets want.
DECODERS = (
    "h264", "hevc", "vp8", "vp9", "libdav1d", "av1", "mpeg4", "mjpeg", "prores", "ffv1",
    "mpeg1video", "mpeg2video", "msmpeg4v1", "msmpeg4v2", "msmpeg4", "msmpeg4v3", "h263", "flv",
    "wmv1", "wmv2", "wmv3", "vc1", "theora", "dvvideo", "huffyuv", "ffvhuff", "rawvideo",
    "cinepak", "msvideo1", "indeo3",
)  # fmt: skip
EBML = b"\x1a\x45\xdf\xa3"
_STARTS = {
    EBML: "matroska",
    b"\x00\x00\x01\xba": "mpeg",
    b"\x00\x00\x01\xb3": "mpegvideo",
    b"FLV\x01": "flv",
    b"OggS": "ogg",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
    b"YUV4MPEG2": "yuv4mpegpipe",
}
_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide")  # the last three: QuickTime before 2001
_TS_PACKET = 188  # bytes, each starting with 0x47
_SEEKING = ("mov", "matroska", "avi")  # whose index leads to the key frame before a time
_HDR = (16, 18)  # transfer characteristics of ITU-T H.273: PQ and HLG


def demuxer_of(head: bytes) -> str | None:
    """FFmpeg's reader for a file that begins so; None for what is no film."""
    if head[4:8] in _ATOMS:
        return "mov"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if len(head) > 2 * _TS_PACKET and all(head[at * _TS_PACKET] == 0x47 for at in range(3)):
        return "mpegts"
    return next((name for start, name in _STARTS.items() if head.startswith(start)), None)


class Film:
    """The first video stream of a file: counted by its packets, decoded only where it is read."""

    def __init__(self, name: str, content: bytes, demuxer: str, limits: ClipLimits) -> None:
        self.name, self.content, self.demuxer, self.limits = name, content, demuxer, limits
        self.av = _pyav(name)
        # Most of PyAV's errors are also an OSError or a ValueError; some are its own alone.
        self.damage = (*DAMAGE, self.av.FFmpegError)
        with self._opened() as (film, stream):
            self.index = index_of(film, stream, demuxer, content, self.damage)
            if not self.index.count:
                raise VideoError(f"{name} cannot be decoded: it has no frames")
            self.rate = float(stream.average_rate) if stream.average_rate else None
            self.aspect = pixel_aspect(stream)
        with self._opened() as (film, stream):
            first = next(iter(film.decode(stream)), None)
            if first is None:
                raise VideoError(f"{name} cannot be decoded: no frame comes out of it")
            self.matrix = display_matrix(first)
            self.notes = _first_notes(first, self.aspect)
            width, height = self._size(first)
        if swaps_sides(self.matrix):
            width, height = height, width
        uneven = is_uneven(self.index.times)
        rate = None if uneven else self.rate
        self.survey = Survey(
            frames=self.index.count, width=width, height=height, rate=rate, uneven=uneven,
            clear=_has_alpha(first),
        )  # fmt: skip

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        # The demuxer is named and no protocol allowed: a film opens no other file and no address.
        options = {
            "codec_whitelist": ",".join(DECODERS),
            "protocol_whitelist": "none",
            "max_pixels": str(self.limits.pixels),
        }
        with damage_means(f"{self.name} cannot be decoded", self.av.FFmpegError):
            with self.av.open(
                io.BytesIO(self.content), format=self.demuxer, options=options
            ) as film:
                yield film, self._stream(film)

    def _stream(self, film: Any) -> Any:
        """The first video stream, fenced before a frame is decoded."""
        if not film.streams.video:
            raise VideoError(f"{self.name} has no video stream")
        stream = film.streams.video[0]
        context = stream.codec_context
        if context is None or context.name not in DECODERS:
            codec = "an unknown codec" if context is None else context.name
            raise VideoError(f"{self.name} is encoded with {codec}; save it as H.264")
        check_frame(self.name, stream.width, stream.height, 1, self.limits)
        context.options = {"max_pixels": str(self.limits.pixels)}
        return stream

    def _size(self, frame: Any) -> tuple[int, int]:
        """Width and height with square pixels, before it is turned, within the longest side."""
        wide, high = frame.width * self.aspect, frame.height
        factor = min(1.0, self.limits.side / max(wide, high))
        return max(1, round(wide * factor)), max(1, round(high * factor))

    def read(self, wanted: range) -> tuple[list[np.ndarray], list[str]]:
        """The frames that are wanted, upright, with square pixels: 'H W c' uint8, and what to know.

        Decoding begins at the key frame before. Raises VideoError when no frame comes out.
        """
        frames: list[np.ndarray] = []
        damaged = 0
        broken = False
        try:
            for frame in self._decoded(wanted):
                damaged += bool(frame.is_corrupt)
                frames.append(self._upright(frame))
        except _BrokenOffError as error:
            if not frames:
                raise VideoError(f"{self.name} cannot be decoded") from error
            broken = True
        notes = list(self.notes)
        if broken or not self.index.whole:
            which = f"{len(frames)} of {len(wanted)}" if broken else f"{self.index.count}"
            notes.append(f"{which} frames: the file is damaged or ends early")
        elif len(frames) < len(wanted):
            notes.append(f"{len(frames)} of the {len(wanted)} frames that the file lists come out")
        if damaged:
            notes.append(f"{damaged} of {len(frames)} frames are damaged in the file")
        if swaps_sides(self.matrix) or not np.array_equal(self.matrix, np.eye(2)):
            notes.append("turned as the film says it is shown")
        if self.survey.uneven:
            notes.append(
                "frames are held for different times in the file "
                f"({self.rate or 0:.3g} a second on average); each counts once"
            )
        return frames, notes

    def _decoded(self, wanted: range) -> Iterator[Any]:
        """The wanted frames, one after the other."""
        if self.index.times and self.demuxer in _SEEKING:
            runs = runs_from_keys(wanted, self.index.keys)
        else:
            runs = [(0, list(wanted))]
        work = sum(places[-1] - key + 1 for key, places in runs)
        with self._opened() as (film, stream):
            check_frame(self.name, stream.width, stream.height, work, self.limits)
            for key, places in runs:
                if key:
                    film.seek(self.index.times[key], stream=stream, backward=True)
                yield from self._of_run(film, stream, places)

    def _of_run(self, film: Any, stream: Any, places: list[int]) -> Iterator[Any]:
        """Frames at ascending places, from one point where decoding begins."""
        times, at = self.index.times, 0
        for count, frame in enumerate(_until_it_breaks(film.decode(stream), self.damage)):
            timed = bool(times) and frame.pts is not None
            passed = [
                place
                for place in places[at:]
                if (frame.pts >= times[place] if timed else count >= place)
            ]
            if passed:
                yield frame
                at += len(passed)
            if at == len(places):
                return

    def _upright(self, frame: Any) -> np.ndarray:
        width, height = self._size(frame)
        clear = _has_alpha(frame)
        made = frame.to_ndarray(format="rgba" if clear else "rgb24", width=width, height=height)
        if clear and (made[..., 3] == 255).all():
            made = made[..., :3]
        return turned(made, self.matrix)


class _BrokenOffError(Exception):
    """A film that cannot be decoded any further."""


def _until_it_breaks(decoded: Iterator[Any], damage: tuple[type[Exception], ...]) -> Iterator[Any]:
    try:
        yield from decoded
    except damage as error:
        raise _BrokenOffError from error


def _pyav(name: str) -> Any:
    try:
        return importlib.import_module("av")
    except ImportError as error:
        raise VideoError(
            f"{name} is a film; reading films needs PyAV: pip install 'phenaki-viz[video]' "
            "(or convert it to GIF)"
        ) from error


def _first_notes(frame: Any, aspect: float) -> list[str]:
    notes = []
    if aspect != 1:
        notes.append(f"its pixels are {aspect:.3g} times as wide as high; they were made square")
    if frame.interlaced_frame:
        notes.append("interlaced: each frame weaves two moments together")
    if frame.color_trc in _HDR:
        notes.append("HDR colours are shown as they are stored, paler than on an HDR screen")
    return notes


def _has_alpha(frame: Any) -> bool:
    return any(part.is_alpha for part in frame.format.components)
