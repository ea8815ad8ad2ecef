"""Small images of pictures for the index of an archive."""

import io

from PIL import Image

from phenaki_viz.export.kinds import faces_of
from phenaki_viz.figures import Picture

LONGEST = 96  # pixels


def thumbnail(picture: Picture) -> bytes:
    """A PNG 96 pixels long. Raises ExportError for an unknown kind of picture."""
    image = Image.fromarray(faces_of(picture).small(picture))
    larger = LONGEST / max(image.size)
    size = max(1, round(image.width * larger)), max(1, round(image.height * larger))
    smooth = Image.Resampling.BOX if larger < 1 else Image.Resampling.NEAREST
    buffer = io.BytesIO()
    image.resize(size, smooth).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
