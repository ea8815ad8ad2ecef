"""GIF, PNG, WebP and single pictures: how many frames, how long each is held, and the frames."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image

from phenaki_viz.data.damage import DAMAGE, damage_means
from phenaki_viz.data.gif_outline import outline_gif
from phenaki_viz.data.limits import ClipLimits, check_frame
from phenaki_viz.data.pixels import SWAPPING, orientation_of, pixels, see_through, shrunk
from phenaki_viz.data.reading import Reading, Survey
from phenaki_viz.errors import VideoError

FORMATS = ("GIF", "PNG", "JPEG", "WEBP", "BMP")
STARTS = (b"GIF8", b"\x89PNG", b"\xff\xd8\xff")
NEARLY = 0.02  # of a whole number of times that a frame is held; WebP rounds to milliseconds


def is_picture(content: bytes) -> bool:
    """Whether this, or a file that begins so, is a picture that is read here."""
    webp = content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    bmp = content.startswith(b"BM") and content[6:10] == bytes(4)
    return webp or bmp or content.startswith(STARTS)


def moves(content: bytes) -> bool:
    """Whether a picture is a film of several frames."""
    if content.startswith(b"GIF8"):
        return outline_gif(content).frames > 1
    if content.startswith(b"RIFF"):
        return len(_webp_delays(content)) > 1
    return content.startswith(b"\x89PNG") and len(_apng_delays(content)) > 1


@dataclass(frozen=True)
class Header:
    """What the first bytes, or a file's blocks, say before Pillow opens it.

    size: width and height where the decoder allocates on opening or grows the canvas later, else
    None. frames: those of a GIF that are there to their last byte. whole: it ends as it should.
    delays: how long frames are held, in milliseconds.
    """

    size: tuple[int, int] | None = None
    frames: int | None = None
    whole: bool = True
    delays: tuple[float, ...] = ()


def header_of(content: bytes) -> Header:
    """Pillow takes a GIF that was cut between two frames for a shorter GIF: walk its blocks."""
    if content.startswith(b"GIF8"):
        outline = outline_gif(content)
        size = outline.width, outline.height
        return Header(size, outline.frames, outline.complete, outline.delays)
    if content.startswith(b"RIFF"):
        return Header(_webp_canvas(content), delays=_webp_delays(content))
    return Header(delays=_apng_delays(content) if content.startswith(b"\x89PNG") else ())


def _webp_canvas(content: bytes) -> tuple[int, int] | None:
    """Width and height of a WebP file. Source: RFC 9649 sections 2.5 to 2.7."""
    kind = content[12:16] if len(content) >= 30 else b""
    if kind == b"VP8X":
        wide, high = content[24:27], content[27:30]
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        wide, high = content[26:28], content[28:30]
        return int.from_bytes(wide, "little") & 0x3FFF, int.from_bytes(high, "little") & 0x3FFF
    return None


def _webp_delays(content: bytes) -> tuple[float, ...]:
    """Source: RFC 9649 section 2.7.1.2: ANMF holds the duration as 24 bits, milliseconds."""
    return tuple(
        int.from_bytes(content[at + 12 : at + 15], "little")
        for kind, at, _ in _chunks(content, 12, "<4sI", padded=True)
        if kind == b"ANMF"
    )


def _apng_delays(content: bytes) -> tuple[float, ...]:
    """Source: PNG specification, third edition, section 11.3.6.2: fcTL, delay as a fraction."""
    delays = []
    for kind, at, size in _chunks(content, 8, ">I4s", after=4):
        if kind == b"fcTL" and size >= 26 and at + 26 <= len(content):
            above, below = struct.unpack_from(">HH", content, at + 20)
            delays.append(1000 * above / (below or 100))
    return tuple(delays)


def _chunks(
    content: bytes, at: int, head: str, *, after: int = 0, padded: bool = False
) -> Iterator[tuple[bytes, int, int]]:
    """Kind, first byte and size of each chunk of a RIFF or PNG file, whole or cut off."""
    while at + 8 <= len(content):
        first, second = struct.unpack_from(head, content, at)
        kind, size = (first, second) if isinstance(first, bytes) else (second, first)
        yield kind, at + 8, size
        at += 8 + size + after + (size & 1 if padded else 0)


class Animation:
    """A picture, or several that follow each other."""

    def __init__(self, name: str, content: bytes, reading: Reading, limits: ClipLimits) -> None:
        self.name, self.content, self.limits = name, content, limits
        self.header = header_of(content)
        if self.header.size:
            check_frame(name, *self.header.size, 1, limits)
        if self.header.frames == 0:
            raise VideoError(f"{name} is damaged and has no frame that can be read")
        with self._opened() as image:
            self.size = self.header.size or image.size
            check_frame(name, *self.size, 1, limits)
            self.still = int(bool(getattr(image, "default_image", False)))
            promised = self.header.frames or _frames_of(image)
            self.in_file = max(1, promised - self.still)
            self.orientation = orientation_of(image)
            clear = see_through(image)
        counts, self.uneven = _held(self.header.delays, self.in_file)
        self.merged = int((counts > 1).sum())
        merged = self.merged > 0
        if not reading.held:
            self.uneven |= self.merged > 0
            counts, self.merged = np.ones(self.in_file, np.int64), 0
        self.ends = counts.cumsum()
        wide, high = self.size[::-1] if self.orientation in SWAPPING else self.size
        self.survey = Survey(
            frames=int(self.ends[-1]), width=wide, height=high, rate=self._rate(),
            uneven=self.uneven, merged=merged, clear=clear,
        )  # fmt: skip

    @contextmanager
    def _opened(self) -> Iterator[Image.Image]:
        with damage_means(f"{self.name} is damaged and has no frame that can be read"):
            with Image.open(io.BytesIO(self.content), formats=FORMATS) as image:
                yield image

    def _rate(self) -> float | None:
        delays = [delay for delay in self.header.delays if delay > 0]
        return None if self.uneven or not delays or self.in_file < 2 else 1000 / min(delays)

    def read(self, wanted: range) -> tuple[list[np.ndarray], list[str]]:
        """The frames that are shown at these counts of time, 'H W c' uint8, and what to know."""
        places = np.searchsorted(self.ends, np.asarray(wanted), side="right")
        check_frame(self.name, *self.size, int(places[-1]) + 1, self.limits)
        decoded: dict[int, np.ndarray] = {}
        broken = False
        with self._opened() as image:
            try:
                for at in map(int, dict.fromkeys(places.tolist())):
                    decoded[at] = self._frame(image, at)
            except DAMAGE as error:
                if isinstance(error, VideoError) or not decoded:
                    raise
                broken = True
        frames = [decoded[at] for at in places.tolist() if at in decoded]
        return frames, self._notes(len(frames), len(wanted), broken)

    def _frame(self, image: Image.Image, at: int) -> np.ndarray:
        image.seek(at + self.still)
        if image.size != self.size:
            (w, h), (wide, high) = image.size, self.size
            raise VideoError(
                f"{self.name}: frame {at} is {w}×{h}, the clip {wide}×{high}: "
                "save it with frames of one size"
            )
        return shrunk(pixels(image, self.orientation), self.limits)

    def _notes(self, found: int, total: int, broken: bool) -> list[str]:
        notes = []
        if broken or not self.header.whole:
            of = f" of {total}" if broken else ""
            notes.append(f"{found}{of} frames: the file is damaged or ends early")
        if self.orientation != 1:
            notes.append("turned upright, as its orientation tag says")
        if self.still:
            notes.append("its still picture is no part of the film and was left out")
        if self.merged:
            notes.append(
                f"{self.merged} of the {self.in_file} frames in the file are held several times as "
                "long as the shortest and count as often"
            )
        if self.uneven:
            low, high = min(self.header.delays), max(self.header.delays)
            notes.append(f"frames are held for {low:.0f} to {high:.0f} ms; each counts once")
        return notes


def _frames_of(image: Image.Image) -> int:
    """Frames of a film; a phone's JPEG may carry a preview of itself, which is none."""
    return 1 if image.format in ("JPEG", "MPO") else getattr(image, "n_frames", 1)


def _held(delays: tuple[float, ...], frames: int) -> tuple[np.ndarray, bool]:
    """How often each frame counts, and whether times are uneven in a way that is no counting."""
    once = np.ones(frames, np.int64)
    if len(delays) != frames or min(delays) == max(delays):
        return once, False
    if min(delays) <= 0:
        return once, True
    times = np.asarray(delays) / min(delays)
    whole = np.rint(times)
    if (abs(times - whole) > NEARLY * whole).any():
        return once, True
    return whole.astype(np.int64), False
