"""MP4, AVI and their kin through PyAV, where that is installed."""

import bisect
import importlib
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from phenaki_viz.data.damage import DAMAGE, damage_means
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
SEGMENT = b"\x18\x53\x80\x67"
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


@dataclass(frozen=True)
class _Index:
    """The packets of a film, without a frame decoded.

    times: of the frames in the order they are shown, () where the file does not say. keys: places
    among them where decoding can begin. count: of frames. whole: False when the file breaks off.
    """

    times: tuple[int, ...]
    keys: tuple[int, ...]
    count: int
    whole: bool


class Film:
    """The first video stream of a file: counted by its packets, decoded where it is asked for."""

    def __init__(self, name: str, content: bytes, demuxer: str, limits: ClipLimits) -> None:
        self.name, self.content, self.demuxer, self.limits = name, content, demuxer, limits
        self.av = _pyav(name)
        # Most of PyAV's errors are also an OSError or a ValueError; some are its own alone.
        self.damage = (*DAMAGE, self.av.FFmpegError)
        with self._opened() as (film, stream):
            self.index = _indexed(film, stream, demuxer, content, self.damage)
            if not self.index.count:
                raise VideoError(f"{name} cannot be decoded: it has no frames")
            self.rate = float(stream.average_rate) if stream.average_rate else None
            self.aspect = _aspect(stream)
        with self._opened() as (film, stream):
            first = next(iter(film.decode(stream)), None)
            if first is None:
                raise VideoError(f"{name} cannot be decoded: no frame comes out of it")
            self.matrix = _matrix(first)
            self.notes = _first_notes(first, self.aspect)
            width, height = self._size(first)
        if _swaps(self.matrix):
            width, height = height, width
        uneven = _uneven(self.index.times)
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
        if _swaps(self.matrix) or not np.array_equal(self.matrix, np.eye(2)):
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
            runs = _runs(wanted, self.index.keys)
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
        return _turned(made, self.matrix)


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


def _indexed(
    film: Any, stream: Any, demuxer: str, content: bytes, damage: tuple[type[Exception], ...]
) -> _Index:
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
    return _Index(tuple(times) if known else (), keys if known else (), len(shown), whole)


def _runs(wanted: range, keys: tuple[int, ...]) -> list[tuple[int, list[int]]]:
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


def _uneven(times: tuple[int, ...]) -> bool:
    """Whether frames are held for times a tenth and a tick of the clock apart, or more."""
    if len(times) < 3:
        return False
    gaps = np.diff(np.asarray(times, np.float64))
    return bool(gaps.max() > 1.1 * gaps.min() + 1)


def _aspect(stream: Any) -> float:
    """Width over height of one pixel; 1 where the film does not say, or says nonsense."""
    ratio = stream.sample_aspect_ratio
    return float(ratio) if ratio and 0.1 < float(ratio) < 10 else 1.0


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


def _matrix(frame: Any) -> np.ndarray:
    """Quarter turn or mirror as a 2 × 2 matrix of −1, 0 and 1; anything else is left as it is.

    Source: FFmpeg's libavutil/display.h: row vectors, (x, y) goes to (a·x + c·y, b·x + d·y),
    numbers in 16.16 fixed point.
    """
    for at in range(len(frame.side_data)):
        side = frame.side_data[at]
        if side.type.name == "DISPLAYMATRIX" and len(bytes(side)) >= 36:
            a, b, _, c, d = struct.unpack("=5i", bytes(side)[:20])
            signs = np.sign([[a, b], [c, d]])
            if abs(signs).sum() == 2 and abs(signs).sum(axis=0).tolist() == [1, 1]:
                return signs
    return np.eye(2)


def _swaps(matrix: np.ndarray) -> bool:
    return bool(matrix[0, 0] == 0)


def _turned(frame: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """'H W c' as it is shown."""
    (a, b), (c, d) = matrix
    if _swaps(matrix):
        frame = frame.swapaxes(0, 1)
    if a + c < 0:
        frame = frame[:, ::-1]
    return frame[::-1] if b + d < 0 else frame


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
