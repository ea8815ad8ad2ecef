"""A map as one HTML page that draws as the program's own page does: pointer, zoom, numbers."""

import numpy as np

from phenaki_viz.browser.axes import as_grid_axis
from phenaki_viz.browser.file_page import Mounted, file_page
from phenaki_viz.browser.map_filter import MapFilter
from phenaki_viz.browser.map_message import MapPicture, MapView, map_message
from phenaki_viz.export.provenance import head_record
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.figures.words import plain

# The first query, no key; nothing that is picked in a file goes anywhere.
PICKED = {"rev": 1, "value": [0, None], "seen": 0}


def map_page(picture: Heatmap) -> bytes:
    """The page, some 100 kB and two bytes a weight; title, notes and what made it are in it.

    Weights are as the program's own page shows them: exact to 1e-6, every digit that is said right.
    """
    drawn = map_message(map_picture(picture), MapView(push=PICKED), id=picture.name)
    notes = [plain(note) for note in picture.notes]
    return file_page(
        plain(picture.title), [Mounted("attention_map", drawn)], notes, head_record(picture)
    )


def map_picture(picture: Heatmap) -> MapPicture:
    """A printed map as the browser draws it: masked cells are NaN, wrong rows infinite."""
    values = np.array(picture.values, np.float32)
    if picture.wrong:
        values[list(picture.wrong)] = np.inf
    if picture.hidden is not None:
        values[picture.hidden] = np.nan
    return MapPicture(
        values=values,
        total=(len(picture.query.names), len(picture.key.names)),
        scale=picture.scale,
        query=as_grid_axis(picture.query),
        key=as_grid_axis(picture.key),
        uniform=picture.uniform,
        row_filter=None if picture.left_out is None else _filter(picture.left_out),
        unit=picture.unit,
        source=picture.name,
    )


def _filter(left_out: np.ndarray) -> MapFilter:
    kept = 1.0 - left_out.astype(np.float32)
    return MapFilter(kept=kept, shown=None, left=None, without=(), said=())
