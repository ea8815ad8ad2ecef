"""A walk of the patch as an animated GIF: one printed strip after the other."""

import io
from collections.abc import Callable, Sequence

from PIL import Image

from phenaki_viz.errors import ExportError
from phenaki_viz.export.formats import render
from phenaki_viz.export.gif import looping
from phenaki_viz.export.provenance import provenance_json
from phenaki_viz.figures.film_strip import FilmStrip

WIDE = 900  # pixels


def walk_gif(
    pictures: Sequence[FilmStrip],
    pace: float,
    on_picture: Callable[[int, int], None] | None = None,
) -> bytes:
    """The bytes of a looping GIF, 900 pixels wide; what made the first picture is its comment.

    pace: pictures a second. on_picture: given (done, of); what it raises stops the work.
    Raises ExportError when there is no picture or the pace is not above 0.
    """
    if not pictures or pace <= 0:
        raise ExportError(f"a walk of {len(pictures)} pictures, {pace} a second: use at least one")
    images = []
    for done, picture in enumerate(pictures, start=1):
        images.append(_small(render(picture, "png")))
        if on_picture:
            on_picture(done, len(pictures))
    return looping(images, round(1000 / pace), provenance_json(pictures[0]))


def _small(content: bytes) -> Image.Image:
    """A printed sheet in the size and the colours of a GIF."""
    with Image.open(io.BytesIO(content), formats=("PNG",)) as sheet:
        size = WIDE, round(WIDE * sheet.height / sheet.width)
        small = sheet.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    return small.quantize(method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
