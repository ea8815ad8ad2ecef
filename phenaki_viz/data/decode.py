"""Files to frames: animated images, folders and ZIPs of images, arrays, films.

What a file is comes from its first bytes, never from its name. Frames are decoded one at a time
and shrunk as they come, so that the full-size clip is never held.
"""

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from phenaki_viz.data.clip import Clip, resize_frame
from phenaki_viz.data.damage import DAMAGE, damage_means
from phenaki_viz.data.film import read_film
from phenaki_viz.data.gif_outline import outline_gif
from phenaki_viz.data.limits import DEFAULT_LIMITS, ClipLimits, check_bytes, check_frame, check_work
from phenaki_viz.errors import FileError, VideoError
from phenaki_viz.files import open_file, shown

ACCEPTED = "GIF, animated PNG or WebP, a folder or ZIP of images, .npy, or MP4/MOV/WebM/MKV"
_ANIMATED = ("GIF", "PNG", "WEBP")
_STILL = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
_STILL_STARTS = (b"GIF8", b"\x89PNG", b"\xff\xd8\xff")
_FILM_STARTS = (b"ftyp", b"moov", b"mdat", b"wide")  # the last three: QuickTime before 2001
_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")
# LZMA may ask for a dictionary of 4 GB before a byte comes out; pictures gain nothing from it.
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def load_clip(source: Path | tuple[str, bytes], *, limits: ClipLimits = DEFAULT_LIMITS) -> Clip:
    """Read a clip from a path, or from (name, content) of an upload.

    Raises VideoError, in plain words: what it is, what is accepted. Nothing in a file is run.
    """
    if isinstance(source, Path):
        return _from_path(source, limits)
    name, content = source
    check_bytes(name, len(content), limits)
    return _from_bytes(name, content, limits)


def _from_path(path: Path, limits: ClipLimits) -> Clip:
    try:
        if path.is_dir():
            files = sorted(
                (p for p in path.iterdir() if p.is_file()), key=lambda p: _natural(p.name)
            )
            check_bytes(path.name, max(1, sum(file.stat().st_size for file in files)), limits)
            stills = ((file.name, file.read_bytes()) for file in files)
            return _from_stills(path.name, stills, limits)
        with open_file(path) as file:
            check_bytes(path.name, path.stat().st_size, limits)
            return _from_bytes(path.name, file.read(), limits)
    except FileError as error:
        raise VideoError(str(error)) from error
    except OSError as error:
        raise VideoError(f"{shown(str(path))} cannot be read: {error.strerror or error}") from error


def _from_bytes(name: str, content: bytes, limits: ClipLimits) -> Clip:
    if content.startswith(b"\x93NUMPY"):
        return _from_array(name, content, limits)
    if content.startswith(b"PK\x03\x04"):
        return _from_zip(name, content, limits)
    if content[4:8] in _FILM_STARTS or content.startswith(b"\x1a\x45\xdf\xa3"):
        return read_film(name, content, limits)
    if content.startswith((b"GIF8", b"\x89PNG", b"RIFF")):
        return _from_animation(name, content, limits)
    raise VideoError(f"{name} is no clip that can be read here; accepted: {ACCEPTED}")


@dataclass(frozen=True)
class _Header:
    """What the first bytes, or a GIF's blocks, say before Pillow is asked.

    size: width and height where the decoder allocates on opening or grows the canvas later, else
    None. frames: those of a GIF that are there to their last byte. whole: it ends as it should.
    """

    size: tuple[int, int] | None = None
    frames: int | None = None
    whole: bool = True


def _header(content: bytes) -> _Header:
    """Pillow takes a GIF that was cut between two frames for a shorter GIF: walk its blocks."""
    if content.startswith(b"GIF8"):
        outline = outline_gif(content)
        return _Header((outline.width, outline.height), outline.frames, outline.complete)
    return _Header(_webp_canvas(content) if content.startswith(b"RIFF") else None)


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


def _from_animation(name: str, content: bytes, limits: ClipLimits) -> Clip:
    header = _header(content)
    if header.size:
        check_frame(name, *header.size, 1, limits)
    if header.frames == 0:
        raise VideoError(f"{name} is damaged and has no frame that can be read")
    with damage_means(f"{name} is damaged and has no frame that can be read"):
        with Image.open(io.BytesIO(content), formats=_ANIMATED) as image:
            frames, notes = _animation_frames(name, image, header, limits)
    return _clip(name, frames, notes)


def _animation_frames(
    name: str, image: Image.Image, header: _Header, limits: ClipLimits
) -> tuple[list[np.ndarray], list[str]]:
    size = header.size or image.size
    promised = header.frames or _frame_count(image)
    check_frame(name, *size, min(promised, limits.frames), limits)
    whole = header.whole
    frames: list[np.ndarray] = []
    modes: set[str] = set()
    try:
        for at in range(min(promised, limits.frames)):
            image.seek(at)
            _check_equal(name, image.size, size, at)
            modes.add(image.mode)
            frames.append(_shrunk(_pixels(image), limits))
    except DAMAGE as error:
        if isinstance(error, VideoError) or not frames:
            raise
        whole = False
    return frames, _animation_notes(len(frames), promised, whole, modes, limits)


def _frame_count(image: Image.Image) -> int:
    return getattr(image, "n_frames", 1)


def _check_equal(name: str, found: tuple[int, int], wanted: tuple[int, int], at: int) -> None:
    if found != wanted:
        raise VideoError(
            f"{name}: frame {at} is {found[0]}×{found[1]}, the clip {wanted[0]}×{wanted[1]}: "
            "save it with frames of one size"
        )


def _animation_notes(
    found: int, promised: int, whole: bool, modes: set[str], limits: ClipLimits
) -> list[str]:
    notes = []
    if whole and found < promised:
        notes.append(f"the first {limits.frames} frames are used")
    if not whole:
        of = f" of {promised}" if found < promised else ""
        notes.append(f"{found}{of} frames: the file is damaged or ends early")
    if modes & {"P", "RGBA", "LA", "PA"}:
        notes.append("colours were converted from a palette or from transparency")
    if found > 1:
        notes.append("frame rate was dropped: every frame is one step")
    return notes


def _from_zip(name: str, content: bytes, limits: ClipLimits) -> Clip:
    with damage_means(f"{name} is a damaged ZIP file"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _from_stills(name, _members(name, archive, limits), limits)


def _members(
    name: str, archive: zipfile.ZipFile, limits: ClipLimits
) -> Iterator[tuple[str, bytes]]:
    files = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.flag_bits & 1 for info in files):
        raise VideoError(f"{name} is an encrypted ZIP file: unpack it and choose the images")
    if any(info.compress_type not in _ZIP_METHODS for info in files):
        raise VideoError(f"{name} is compressed by a rare method: save it as a plain ZIP (deflate)")
    check_bytes(name, max(1, sum(info.file_size for info in files)), limits)
    for info in sorted(files, key=lambda info: _natural(info.filename)):
        # Members are read into memory and never written, so their paths lead nowhere.
        if Path(info.filename).name.startswith((".", "__MACOSX")) or "__MACOSX" in info.filename:
            continue
        with archive.open(info) as member:
            yield Path(info.filename).name, member.read(info.file_size)


def _from_stills(name: str, stills: Iterable[tuple[str, bytes]], limits: ClipLimits) -> Clip:
    frames: list[np.ndarray] = []
    skipped: list[str] = []
    notes: list[str] = []
    work = 0
    for still, content in stills:
        if len(frames) == limits.frames:
            notes.append(f"the first {limits.frames} images are used")
            break
        if _is_still(content):
            pixels = _still(f"{name}: {still}", content, limits)
            work += pixels.shape[0] * pixels.shape[1]
            check_work(name, work, limits)
            frames.append(_shrunk(pixels, limits))
        else:
            skipped.append(still)
    if not frames:
        raise VideoError(f"{name} holds no image; accepted are PNG, JPEG, WebP, BMP and GIF files")
    if skipped:
        notes.append(f"{len(skipped)} files are no images and were left out: {skipped[0]!r} …")
    return _clip(name, _same_size(name, frames), notes)


def _is_still(content: bytes) -> bool:
    webp = content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    bmp = content.startswith(b"BM") and content[6:10] == bytes(4)
    return webp or bmp or content.startswith(_STILL_STARTS)


def _still(name: str, content: bytes, limits: ClipLimits) -> np.ndarray:
    """One picture. A damaged one is refused by name: a film with a frame missing would mislead."""
    if canvas := _header(content).size:
        check_frame(name, *canvas, 1, limits)
    with damage_means(f"{name} is a damaged image: repair it or take it out"):
        with Image.open(io.BytesIO(content), formats=_STILL) as image:
            check_frame(name, *image.size, 1, limits)
            return _pixels(image)


def _same_size(name: str, frames: list[np.ndarray]) -> list[np.ndarray]:
    sizes = {frame.shape[:2] for frame in frames}
    if len(sizes) > 1:
        listed = ", ".join(f"{w}×{h}" for h, w in sorted(sizes)[:4])
        raise VideoError(f"{name} holds images of different sizes ({listed}): make them equal")
    return frames


def _from_array(name: str, content: bytes, limits: ClipLimits) -> Clip:
    _check_array_header(name, content)
    with damage_means(f"{name} cannot be read as a plain array"):
        array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or 0 in array.shape:
        raise VideoError(
            f"{name} has shape {array.shape}; expected frames × height × width, or "
            "frames × height × width × channels with 1 or 3 channels"
        )
    check_frame(name, array.shape[2], array.shape[1], len(array), limits)
    notes = []
    if len(array) > limits.frames:
        notes.append(f"the first {limits.frames} of {len(array)} frames are used")
        array = array[: limits.frames]
    return _clip(name, [_shrunk(frame, limits) for frame in _as_uint8(name, array)], notes)


def _check_array_header(name: str, content: bytes) -> None:
    """Compare what the header promises with the bytes that are there, before any is allocated."""
    stream = io.BytesIO(content)
    with damage_means(f"{name} cannot be read as a plain array: its header is damaged"):
        shape, _, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
        promised = math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise VideoError(f"{name} cannot be read as a plain array; arrays of objects are refused")
    found = len(content) - stream.tell()
    if min(shape, default=1) < 0 or promised > found:
        raise VideoError(
            f"{name} is incomplete: its header promises {shape} × {dtype}, {promised:,} bytes; "
            f"the file has {found:,}"
        )


def _as_uint8(name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f":
        raise VideoError(f"{name} holds {array.dtype}; expected uint8, or floats from 0 to 1")
    if not np.isfinite(array).all():
        raise VideoError(f"{name} holds NaN or infinite values; expected floats from 0 to 1")
    if array.min() < 0 or array.max() > 1:
        raise VideoError(
            f"{name} holds floats from {array.min():.3g} to {array.max():.3g}; expected 0 to 1"
        )
    return np.round(array * 255).astype(np.uint8)


def _pixels(image: Image.Image) -> np.ndarray:
    """'H W c' uint8: grey stays grey, everything else becomes RGB on black."""
    if image.mode in _SIXTEEN_BITS:  # Pillow's own conversion would clip at 255, not scale
        return ((np.asarray(image).astype(np.int64) + 128) // 257).astype(np.uint8)[..., None]
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))[..., None]
    rgba = image.convert("RGBA")
    flat = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
    flat.alpha_composite(rgba)
    return np.asarray(flat.convert("RGB"))


def _shrunk(frame: np.ndarray, limits: ClipLimits) -> np.ndarray:
    height, width = frame.shape[:2]
    factor = limits.side / max(height, width)
    if factor >= 1:
        return frame
    return resize_frame(frame, max(1, round(height * factor)), max(1, round(width * factor)))


def _clip(name: str, frames: list[np.ndarray], notes: list[str]) -> Clip:
    """One channel only if every frame is grey, whatever mode each came in."""
    if any(frame.shape[-1] == 3 for frame in frames):
        frames = [np.repeat(f, 3, axis=-1) if f.shape[-1] == 1 else f for f in frames]
    stacked = np.stack(frames)
    if stacked.shape[-1] == 3 and (stacked == stacked[..., :1]).all():
        stacked = stacked[..., :1]
    return Clip(stacked, name, tuple(notes))


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key by which frame 10 comes after frame 9."""
    parts = re.split(r"([0-9]+)", name.lower())
    # A number sorts by its length, then its digits, however long it is.
    return [
        (len(part.lstrip("0")), part.lstrip("0")) if at % 2 else (0, part)
        for at, part in enumerate(parts)
    ]
