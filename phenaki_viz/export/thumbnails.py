"""Small images of pictures for the index of an archive."""

import io

import numpy as np
from PIL import Image

from phenaki_viz.figures import FilmStrip, HeadGrid, Heatmap, Picture, Surface, Tracks
from phenaki_viz.figures.film_layout import strip_layout
from phenaki_viz.figures.film_strip import overlaid_image
from phenaki_viz.figures.head_grid import mosaic_image
from phenaki_viz.figures.heatmap import map_image
from phenaki_viz.figures.surface import surface_image

LONGEST = 96  # pixels


def thumbnail(picture: Picture) -> bytes | None:
    """A PNG at most 96 pixels long; None for curves, which have no cells."""
    colours = _colours(picture)
    if colours is None:
        return None
    image = Image.fromarray(colours)
    larger = LONGEST / max(image.size)
    size = max(1, round(image.width * larger)), max(1, round(image.height * larger))
    smooth = Image.Resampling.BOX if larger < 1 else Image.Resampling.NEAREST
    buffer = io.BytesIO()
    image.resize(size, smooth).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _colours(picture: Picture) -> np.ndarray | None:
    match picture:
        case Heatmap():
            return map_image(picture)
        case Surface():
            return surface_image(picture)
        case HeadGrid():
            return mosaic_image(picture)
        case FilmStrip():
            return overlaid_image(picture, strip_layout(picture))
        case Tracks():
            return picture.exposure
    return None
