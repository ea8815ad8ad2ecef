"""Any picture on paper, in one of the three print formats; and a small image of its sheet."""

from typing import Any, Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from phenaki_viz.export.faces import Faces
from phenaki_viz.export.kinds import faces_of
from phenaki_viz.export.paper_fonts import texts_of
from phenaki_viz.export.paper_text import rules
from phenaki_viz.figures import Picture

SMALL_DOTS = 60  # per inch: an image three times as wide as a thumbnail


def printed(picture: Picture, kind: Literal["png", "svg", "pdf"]) -> bytes:
    """The picture as the bytes of a print file. Raises ExportError for an unknown picture."""
    faces = faces_of(picture)
    with rules(texts_of(picture)):
        sheet = faces.sheet(picture, vector=kind != "png")
        return {"png": sheet.png, "svg": sheet.svg, "pdf": sheet.pdf}[kind](picture)


def drawn_small(faces: Faces[Any], picture: Picture) -> np.ndarray:
    """'y x 3' uint8: the sheet between its title and its notes, in few dots."""
    with rules(texts_of(picture)):
        sheet = faces.sheet(picture, vector=False)
        sheet.figure.set_dpi(SMALL_DOTS)
        canvas = FigureCanvasAgg(sheet.figure)
        canvas.draw()
        image = np.array(canvas.buffer_rgba())[..., :3]
    top, height = round(sheet.top * SMALL_DOTS), round(sheet.body.height * SMALL_DOTS)
    return image[top : top + max(height, 1)]
