"""Folders, ZIPs and .npz files: what lies in them, and their pictures as one film."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from phenaki_viz.data.animation import FORMATS, header_of, is_picture, moves
from phenaki_viz.data.arrays import MAGIC, check_array_header, orders_of
from phenaki_viz.data.damage import damage_means
from phenaki_viz.data.film import demuxer_of
from phenaki_viz.data.limits import ClipLimits, check_bytes, check_frame, check_work
from phenaki_viz.data.pixels import SWAPPING, orientation_of, pixels, see_through, shrunk
from phenaki_viz.data.reading import ChoiceError, Reading, Survey
from phenaki_viz.errors import VideoError

HEAD = 16384  # bytes that say what a file is; a .npy header has at most 10,000
# LZMA may ask for a dictionary of 4 GB before a byte comes out; pictures gain nothing from it.
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Member:
    """A file among others. read: its bytes, or so many of the first (-1: all)."""

    name: str
    size: int
    read: Callable[[int], bytes] = field(repr=False)


@dataclass
class Contents:
    """Members by what they are, in natural order."""

    stills: list[Member] = field(default_factory=list)
    films: list[Member] = field(default_factory=list)
    others: list[Member] = field(default_factory=list)

    @property
    def pictures(self) -> str:
        """The name of all pictures as one film."""
        return f"{len(self.stills)} pictures"

    @property
    def parts(self) -> tuple[str, ...]:
        """Films that can be taken: the pictures together, then each film."""
        return (*([self.pictures] if self.stills else []), *(film.name for film in self.films))


def folder_members(path: Path, limits: ClipLimits) -> list[Member]:
    """The files of a folder, priced together."""
    files = sorted((p for p in path.iterdir() if p.is_file()), key=lambda p: natural(p.name))
    sizes = [file.stat().st_size for file in files]
    check_bytes(path.name, max(1, sum(sizes)), limits)
    return [
        Member(p.name, n, _reader(p)) for p, n in zip(files, sizes, strict=True) if _seen(p.name)
    ]


def _reader(path: Path) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        with path.open("rb") as file:
            return file.read(most)

    return read


def zip_members(name: str, archive: zipfile.ZipFile, limits: ClipLimits) -> list[Member]:
    """The files of a ZIP, priced together by what they say they unpack to.

    Raises VideoError for an encrypted ZIP, one of a rare method, or one that is too large.
    """
    files = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.flag_bits & 1 for info in files):
        raise VideoError(f"{name} is an encrypted ZIP file: unpack it and choose the images")
    if any(info.compress_type not in _ZIP_METHODS for info in files):
        raise VideoError(f"{name} is compressed by a rare method: save it as a plain ZIP (deflate)")
    check_bytes(name, max(1, sum(info.file_size for info in files)), limits)
    files.sort(key=lambda info: natural(info.filename))
    return [
        Member(info.filename, info.file_size, _unpacker(archive, info))
        for info in files
        if _seen(info.filename)
    ]


def _unpacker(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    # Members are read into memory and never written, so their paths lead nowhere.
    def read(most: int) -> bytes:
        with archive.open(info) as member:
            return member.read(info.file_size if most < 0 else min(most, info.file_size))

    return read


def _seen(name: str) -> bool:
    return "__MACOSX" not in name and not Path(name).name.startswith(".")


def sorted_out(name: str, members: list[Member]) -> Contents:
    """Members by their first bytes."""
    found = Contents()
    for member in members:
        kind = _kind(name, member)
        {"still": found.stills, "film": found.films}.get(kind, found.others).append(member)
    return found


def _kind(name: str, member: Member) -> str:
    head = member.read(HEAD)
    if head.startswith(MAGIC):
        try:
            shape = check_array_header(f"{name}: {member.name}", head, member.size)[0]
        except VideoError:
            return "film"  # named as what is wrong with it, when it is read
        return "film" if orders_of(shape) else "other"
    if is_picture(head):
        still = head.startswith((b"\xff\xd8\xff", b"BM")) or not moves(member.read(-1))
        return "still" if still else "film"
    return "film" if demuxer_of(head) else "other"


def part_of(name: str, found: Contents, reading: Reading) -> Member | None:
    """The film that is read; None for the pictures together. Raises ChoiceError, VideoError."""
    if not found.parts:
        raise VideoError(
            f"{name} holds no image and no film; accepted are PNG, JPEG, WebP, BMP and GIF files, "
            "films and .npy arrays"
        )
    wanted = reading.part
    if wanted is None:
        return None if found.stills else found.films[0]
    if found.stills and wanted == found.pictures:
        return None
    for film in found.films:
        if film.name == wanted:
            return film
    raise ChoiceError(
        f"{name} holds no part {wanted!r}; there are {', '.join(map(repr, found.parts[:12]))}",
        "part",
        {part: part for part in found.parts},
    )


class Stills:
    """Pictures of one size, one after the other."""

    def __init__(self, name: str, stills: list[Member], limits: ClipLimits) -> None:
        self.name, self.stills, self.limits = name, stills, limits
        with self._opened(0) as image:
            wide, high = image.size
            clear = see_through(image)
            if orientation_of(image) in SWAPPING:
                wide, high = high, wide
        self.survey = Survey(frames=len(stills), width=wide, height=high, clear=clear)

    @contextmanager
    def _opened(self, at: int) -> Iterator[Image.Image]:
        """One picture. A damaged one is refused by name: a film with a gap would mislead."""
        name, content = f"{self.name}: {Path(self.stills[at].name).name}", self.stills[at].read(-1)
        if canvas := header_of(content).size:
            check_frame(name, *canvas, 1, self.limits)
        with damage_means(f"{name} is a damaged image: repair it or take it out"):
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                check_frame(name, *image.size, 1, self.limits)
                yield image

    def read(self, wanted: range) -> tuple[list[np.ndarray], list[str]]:
        """The pictures that are wanted, turned upright: 'H W c' uint8, and what to know of them.

        Raises VideoError when they differ in size, or are too large together.
        """
        frames: list[np.ndarray] = []
        sizes: set[tuple[int, int]] = set()
        work = turned = 0
        for at in wanted:
            with self._opened(at) as image:
                orientation = orientation_of(image)
                whole = pixels(image, orientation)
            sizes.add((whole.shape[1], whole.shape[0]))
            work += whole.shape[0] * whole.shape[1]
            check_work(self.name, work, self.limits)
            turned += orientation != 1
            frames.append(shrunk(whole, self.limits))
        if len(sizes) > 1:
            listed = ", ".join(
                f"{w}×{h}" for w, h in sorted(sizes, key=lambda size: size[::-1])[:4]
            )
            raise VideoError(
                f"{self.name} holds images of different sizes ({listed}): make them equal"
            )
        if not turned:
            return frames, []
        note = f"{turned} of {len(frames)} pictures turned upright, as their orientation tags say"
        return frames, [note]


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key by which frame 10 comes after frame 9."""
    parts = re.split(r"([0-9]+)", name.lower())
    # A number sorts by its length, then its digits, however long it is.
    return [
        (len(part.lstrip("0")), part.lstrip("0")) if at % 2 else (0, part)
        for at, part in enumerate(parts)
    ]
