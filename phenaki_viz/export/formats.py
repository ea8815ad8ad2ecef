"""One picture as one file in any format."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from phenaki_viz.errors import ExportError
from phenaki_viz.export.arrays import to_npz
from phenaki_viz.export.names import numbered, safe_name
from phenaki_viz.export.page import to_html
from phenaki_viz.export.tables import to_csv
from phenaki_viz.figures.picture import Picture
from phenaki_viz.files import make_folder, write_bytes

Format = Literal["png", "svg", "pdf", "html", "npz", "csv"]
FORMATS: tuple[str, ...] = get_args(Format)
FIGURE_FORMATS = ("svg", "pdf", "png")  # of several panels: see `composer`
FIGURE_ENDINGS = (*FIGURE_FORMATS, "pgf")  # the last with images beside it: see `pgf`


def render(picture: Picture, format: str) -> bytes:
    """The picture in one of `FORMATS`; the same picture gives the same bytes.

    Raises ExportError for an unknown format and for a picture that has none.
    """
    return renderer(format)(picture)


def renderer(format: str) -> Callable[[Picture], bytes]:
    """What makes the bytes of a format. Raises ExportError for an unknown one."""
    match format:
        case "html":
            return to_html
        case "npz":
            return to_npz
        case "csv":
            return to_csv
        case "png" | "svg" | "pdf":
            return lambda picture: _printed(picture, format)
    raise ExportError(f"no export format {format!r}: use one of {', '.join(FORMATS)}")


def _printed(picture: Picture, kind: Literal["png", "svg", "pdf"]) -> bytes:
    # matplotlib takes a second to import: only printing pays for it.
    from phenaki_viz.export.prints import printed

    return printed(picture, kind)


def write(picture: Picture, where: Path | str, format: str) -> Path:
    """Write the picture and say where it lies.

    where: a file with the format's ending, which is replaced; anything else is a folder, which is
    made, and in which the file gets a name of its own that is still free.
    The file is there whole or not at all. Raises ExportError.
    """
    content = render(picture, format)
    return write_bytes(target(picture, Path(where), format), content)


def target(picture: Picture, where: Path, format: str) -> Path:
    """The file a picture would be written to; a folder that is meant is made."""
    if where.suffix.lower() == f".{format}" and not where.is_dir():
        return where
    folder = make_folder(where)
    taken = [file.stem for file in folder.iterdir() if file.suffix.lower() == f".{format}"]
    return folder / f"{numbered(safe_name(picture.name), taken)}.{format}"
