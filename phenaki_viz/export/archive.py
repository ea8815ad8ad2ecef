"""Many pictures as one ZIP that explains itself."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from pathlib import Path
from typing import BinaryIO

from phenaki_viz.errors import ExportError
from phenaki_viz.export.archive_index import Entry, entry_of, index_csv, index_html, readme
from phenaki_viz.export.formats import renderer
from phenaki_viz.export.names import numbered, safe_name
from phenaki_viz.export.page import needs_plotly, to_html
from phenaki_viz.figures.picture import Picture
from phenaki_viz.files import replacing

Progress = Callable[[int, int, str], None]
PLOTLY = "plotly.min.js"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # one date for every file: the same pictures, the same bytes
PACKED = {"png", "npz", "pdf"}  # compressed already
ALLOWED = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*")
OWN = ("index.html", "index.csv", "README.txt")


def archive(
    pictures: Iterable[Picture],
    formats: Sequence[str],
    *,
    on_progress: Progress | None = None,
    total: int | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> bytes:
    """A ZIP of all pictures in all formats, with an index; the same pictures, the same bytes.

    on_progress: called after each picture with how many are done, how many there are (0 when
    that is not known) and the picture's name. extra: more files, by their path in the archive.
    Pictures are taken one at a time, so they may come from a generator. Raises ExportError.
    """
    buffer = io.BytesIO()
    _fill(buffer, pictures, formats, on_progress or _silent, _total(pictures, total), extra or {})
    return buffer.getvalue()


def write_archive(
    path: Path | str,
    pictures: Iterable[Picture],
    formats: Sequence[str],
    *,
    on_progress: Progress | None = None,
    total: int | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> Path:
    """A ZIP of all pictures in all formats as a file, there whole or not at all; its path.

    Arguments as for `archive`. Raises ExportError.
    """
    path = Path(path)
    how_many = _total(pictures, total)
    with replacing(path) as file:
        _fill(file, pictures, formats, on_progress or _silent, how_many, extra or {})
    return path


def _silent(done: int, total: int, name: str) -> None:
    """Nobody listens."""


def _total(pictures: Iterable[Picture], total: int | None) -> int:
    if total is not None:
        return total
    return len(pictures) if isinstance(pictures, Sized) else 0


def _fill(
    file: BinaryIO,
    pictures: Iterable[Picture],
    formats: Sequence[str],
    on_progress: Progress,
    total: int,
    extra: Mapping[str, bytes],
) -> None:
    renderers = _renderers(formats)
    with zipfile.ZipFile(file, "w") as into:
        entries: list[Entry] = []
        taken: set[str] = set()
        shares = False
        for done, picture in enumerate(pictures, start=1):
            name = numbered(safe_name(picture.name), taken)
            taken.add(name)
            entries.append(_add_picture(into, picture, name, renderers))
            shares = shares or ("html" in renderers and needs_plotly(picture))
            on_progress(done, total, picture.name)
        if shares:
            _add(into, f"html/{PLOTLY}", _plotly())
        _add_rest(into, entries, list(renderers), extra)


def _renderers(formats: Sequence[str]) -> dict[str, Callable[[Picture], bytes]]:
    if not formats:
        raise ExportError("an archive needs at least one format")
    found = {name: renderer(name) for name in dict.fromkeys(formats)}
    if "html" in found:
        # Those of its pages that draw with plotly share one of 5 MB.
        found["html"] = lambda picture: to_html(picture, script=PLOTLY)
    return found


def _plotly() -> bytes:
    from plotly.offline import get_plotlyjs

    return get_plotlyjs().encode()


def _add_picture(
    into: zipfile.ZipFile,
    picture: Picture,
    name: str,
    renderers: Mapping[str, Callable[[Picture], bytes]],
) -> Entry:
    files = {kind: f"{kind}/{name}.{kind}" for kind in renderers}
    for kind, make in renderers.items():
        _add(into, files[kind], make(picture), packed=kind in PACKED)
    return entry_of(picture, files)


def _add_rest(
    into: zipfile.ZipFile,
    entries: Sequence[Entry],
    formats: Sequence[str],
    extra: Mapping[str, bytes],
) -> None:
    for path, content in extra.items():
        _add(into, _allowed(path, into.namelist()), content)
    for path, content in zip(
        OWN, (index_html(entries), index_csv(entries), readme(len(entries), formats)), strict=True
    ):
        _add(into, path, content)


def _allowed(path: str, taken: Sequence[str]) -> str:
    if not ALLOWED.fullmatch(path):
        raise ExportError(
            f"{path!r} is no path inside an archive: use letters, digits, '-', '_', '.' and '/'"
        )
    if path.lower() in {other.lower() for other in (*taken, *OWN)}:
        raise ExportError(
            f"the archive has a file {path} already: give the extra file another name"
        )
    return path


def _add(into: zipfile.ZipFile, path: str, content: bytes, *, packed: bool = False) -> None:
    entry = zipfile.ZipInfo(path, date_time=LONG_AGO)
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever this runs: the same bytes everywhere
    entry.external_attr = 0o644 << 16
    into.writestr(entry, content)
