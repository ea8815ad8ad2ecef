"""Files to frames: animated images, folders and ZIPs of images, arrays, films.

What a file is comes from its first bytes, never from its name. Frames are decoded one at a time
and shrunk as they come, so that the full-size clip is never held; only those that are wanted are
kept.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from phenaki_viz.data.animation import Animation, is_picture
from phenaki_viz.data.arrays import MAGIC, ArrayReel
from phenaki_viz.data.clip import Clip, Excerpt
from phenaki_viz.data.damage import damage_means
from phenaki_viz.data.film import Film, demuxer_of
from phenaki_viz.data.limits import DEFAULT_LIMITS, ClipLimits, check_bytes
from phenaki_viz.data.pixels import grounded
from phenaki_viz.data.reading import AS_IT_IS, Reading, Reel, Survey
from phenaki_viz.data.stills import (
    Contents,
    Stills,
    folder_members,
    part_of,
    sorted_out,
    zip_members,
)
from phenaki_viz.errors import FileError, VideoError
from phenaki_viz.files import open_file, shown

ACCEPTED = (
    "GIF, animated PNG or WebP, a picture, a folder or ZIP of pictures or films, .npy, .npz, or "
    "a film (MP4, MOV, WebM, MKV, AVI, MPEG)"
)
# Brands of ISO base media files that are pictures: HEIF (ISO/IEC 23008-12) and AVIF.
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"avif")

Source = Path | tuple[str, bytes]


def load_clip(
    source: Source, reading: Reading = AS_IT_IS, *, limits: ClipLimits = DEFAULT_LIMITS
) -> Clip:
    """Read a clip from a path, or from (name, content) of an upload.

    reading: which frames, and how where there is a choice. Raises VideoError, in plain words: what
    it is, what is accepted; ChoiceError where it can be read in several ways. Nothing in a file is
    run.
    """
    with _opened(source, reading, limits) as (name, reel, notes):
        survey = reel.survey
        wanted = _wanted(name, survey.frames, reading, limits)
        frames, more = reel.read(wanted)
    if not frames:
        raise VideoError(f"{name} has no frame that can be read")
    frames, ground = grounded(frames, reading.ground)
    if ground:
        more.append(f"transparent parts are put on {ground}")
    excerpt = Excerpt(
        of=survey.frames, start=reading.start, stride=reading.stride, rate=survey.rate
    )
    return Clip(_stacked(frames), name, (*notes, *more), excerpt)


def survey_clip(
    source: Source, reading: Reading = AS_IT_IS, *, limits: ClipLimits = DEFAULT_LIMITS
) -> Survey:
    """What a file says of itself before its frames are decoded. Raises as `load_clip` does."""
    with _opened(source, reading, limits) as (_, reel, _):
        return reel.survey


@contextmanager
def _opened(
    source: Source, reading: Reading, limits: ClipLimits
) -> Iterator[tuple[str, Reel, list[str]]]:
    """Name, frames and what was left out; files stay open while the frames are read."""
    if isinstance(source, Path):
        try:
            if source.is_dir():
                found = sorted_out(source.name, folder_members(source, limits))
                yield source.name, *_of_many(source.name, found, reading, limits)
                return
            with open_file(source) as file:
                check_bytes(source.name, source.stat().st_size, limits)
                name, content = source.name, file.read()
        except FileError as error:
            raise VideoError(str(error)) from error
        except OSError as error:
            why = error.strerror or error
            raise VideoError(f"{shown(str(source))} cannot be read: {why}") from error
    else:
        name, content = source
        check_bytes(name, len(content), limits)
    if not content.startswith(b"PK\x03\x04"):
        yield name, _of_one(name, content, reading, limits), []
        return
    with damage_means(f"{name} is a damaged ZIP file"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = sorted_out(name, zip_members(name, archive, limits))
            yield name, *_of_many(name, found, reading, limits)


def _of_one(name: str, content: bytes, reading: Reading, limits: ClipLimits) -> Reel:
    if content.startswith(MAGIC):
        return ArrayReel(name, content, reading, limits)
    if is_picture(content):
        return Animation(name, content, reading, limits)
    if content[4:8] == b"ftyp" and content[8:12] in _STILL_BRANDS:
        raise VideoError(
            f"{name} is a HEIC or AVIF picture, which is not read here: save it as JPEG"
        )
    if demuxer := demuxer_of(content):
        return Film(name, content, demuxer, limits)
    raise VideoError(f"{name} is no clip that can be read here; accepted: {ACCEPTED}")


def _of_many(
    name: str, found: Contents, reading: Reading, limits: ClipLimits
) -> tuple[Reel, list[str]]:
    film = part_of(name, found, reading)
    reel: Reel
    if film is None:
        reel = Stills(name, found.stills, limits)
    else:
        reel = _of_one(f"{name}: {film.name}", film.read(-1), reading, limits)
    notes = []
    if len(found.parts) > 1:
        part = found.pictures if film is None else film.name
        reel.survey = replace(reel.survey, parts=found.parts, part=part)
        notes.append(f"read is {part!r}, one of {len(found.parts)} films in the file")
    if found.others:
        notes.append(
            f"{len(found.others)} files are of no kind that is read here and were left out: "
            f"{Path(found.others[0].name).name!r}" + (" …" if len(found.others) > 1 else "")
        )
    return reel, notes


def _wanted(name: str, found: int, reading: Reading, limits: ClipLimits) -> range:
    if reading.start >= found:
        raise VideoError(
            f"{name} has {found} frames, counted from 0; frame {reading.start} is past its end: "
            f"start at {found - 1} or before"
        )
    most = min(reading.frames or limits.frames, limits.frames)
    return range(reading.start, found, reading.stride)[:most]


def _stacked(frames: list[np.ndarray]) -> np.ndarray:
    """'f H W c': one channel only if every frame is grey, whatever mode each came in."""
    if any(frame.shape[-1] == 3 for frame in frames):
        frames = [np.repeat(f, 3, axis=-1) if f.shape[-1] == 1 else f for f in frames]
    stacked = np.stack(frames)
    if stacked.shape[-1] == 3 and (stacked == stacked[..., :1]).all():
        stacked = stacked[..., :1]
    return stacked
