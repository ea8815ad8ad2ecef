"""Files to frames: animated images, folders and ZIPs of images, arrays, films.

What a file is comes from its first bytes, never from its name. Frames are decoded one at a time
and shrunk as they come, so that the full-size clip is never held.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from phenaki_viz.data.clip import Clip, resize_frame
from phenaki_viz.data.film import read_film
from phenaki_viz.data.limits import DEFAULT_LIMITS, ClipLimits, check_bytes, check_frame
from phenaki_viz.errors import VideoError

ACCEPTED = "GIF, animated PNG or WebP, a folder or ZIP of images, .npy, or MP4/MOV/WebM/MKV"
_ANIMATED = ("GIF", "PNG", "WEBP")
_STILL = ("PNG", "JPEG", "WEBP", "BMP", "GIF")


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
            stills = ((file.name, file.read_bytes()) for file in files)
            return _from_stills(path.name, stills, limits)
        check_bytes(path.name, path.stat().st_size, limits)
        return _from_bytes(path.name, path.read_bytes(), limits)
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror or error}") from error


def _from_bytes(name: str, content: bytes, limits: ClipLimits) -> Clip:
    if content.startswith(b"\x93NUMPY"):
        return _from_array(name, content, limits)
    if content.startswith(b"PK\x03\x04"):
        return _from_zip(name, content, limits)
    if content[4:8] == b"ftyp" or content.startswith(b"\x1a\x45\xdf\xa3"):
        return read_film(name, content, limits)
    if content.startswith((b"GIF8", b"\x89PNG", b"RIFF")):
        return _from_animation(name, content, limits)
    raise VideoError(f"{name} is no clip that can be read here; accepted: {ACCEPTED}")


def _from_animation(name: str, content: bytes, limits: ClipLimits) -> Clip:
    try:
        with Image.open(io.BytesIO(content), formats=_ANIMATED) as image:
            check_frame(name, *image.size, 1, limits)
            frames, notes = _animation_frames(name, image, limits)
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise VideoError(f"{name} is damaged and has no frame that can be read: {error}") from error
    return _clip(name, frames, notes)


def _animation_frames(
    name: str, image: Image.Image, limits: ClipLimits
) -> tuple[list[np.ndarray], list[str]]:
    frames: list[np.ndarray] = []
    notes: list[str] = []
    modes = set()
    promised = None
    try:
        promised = getattr(image, "n_frames", 1)
        check_frame(name, *image.size, min(promised, limits.frames), limits)
        for frame in ImageSequence.Iterator(image):
            if len(frames) == limits.frames:
                notes.append(f"the first {limits.frames} frames are used")
                break
            modes.add(frame.mode)
            frames.append(_shrunk(_pixels(frame), limits))
    except (OSError, EOFError, IndexError, ValueError, SyntaxError) as error:
        if isinstance(error, VideoError) or not frames:
            raise
        of = f" of {promised}" if promised else ""
        notes.append(f"{len(frames)}{of} frames: the file is damaged or ends early")
    if modes & {"P", "RGBA", "LA", "PA"}:
        notes.append("colours were converted from a palette or from transparency")
    if len(frames) > 1:
        notes.append("frame rate was dropped: every frame is one step")
    return frames, notes


def _from_zip(name: str, content: bytes, limits: ClipLimits) -> Clip:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _from_stills(name, _members(name, archive, limits), limits)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise VideoError(f"{name} is a damaged ZIP file: {error}") from error


def _members(
    name: str, archive: zipfile.ZipFile, limits: ClipLimits
) -> Iterator[tuple[str, bytes]]:
    files = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.flag_bits & 1 for info in files):
        raise VideoError(f"{name} is an encrypted ZIP file: unpack it and choose the images")
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
    for still, content in stills:
        if len(frames) == limits.frames:
            notes.append(f"the first {limits.frames} images are used")
            break
        pixels = _still(still, content, limits)
        if pixels is None:
            skipped.append(still)
        else:
            frames.append(_shrunk(pixels, limits))
    if not frames:
        raise VideoError(f"{name} holds no image; accepted are PNG, JPEG, WebP, BMP and GIF files")
    if skipped:
        notes.append(f"{len(skipped)} files are no images and were left out: {skipped[0]!r} …")
    return _clip(name, _same_size(name, frames), notes)


def _still(name: str, content: bytes, limits: ClipLimits) -> np.ndarray | None:
    try:
        with Image.open(io.BytesIO(content), formats=_STILL) as image:
            check_frame(name, *image.size, 1, limits)
            return _pixels(image)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError):
        return None


def _same_size(name: str, frames: list[np.ndarray]) -> list[np.ndarray]:
    sizes = {frame.shape[:2] for frame in frames}
    if len(sizes) > 1:
        listed = ", ".join(f"{w}×{h}" for h, w in sorted(sizes)[:4])
        raise VideoError(f"{name} holds images of different sizes ({listed}): make them equal")
    return frames


def _from_array(name: str, content: bytes, limits: ClipLimits) -> Clip:
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise VideoError(
            f"{name} cannot be read as a plain array ({error}); arrays of objects are refused"
        ) from error
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
    return [
        (int(part), "") if part.isdigit() else (-1, part.lower())
        for part in re.split(r"(\d+)", name)
    ]
