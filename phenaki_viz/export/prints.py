"""Any picture on paper: which sheet draws it, in which of the three print formats."""

from collections.abc import Callable
from typing import Any, Literal

from phenaki_viz.errors import ExportError
from phenaki_viz.export.paper import Sheet
from phenaki_viz.export.paper_arrows import arrows_sheet
from phenaki_viz.export.paper_bars import term_bars_sheet
from phenaki_viz.export.paper_curves import curves_sheet
from phenaki_viz.export.paper_fonts import texts_of
from phenaki_viz.export.paper_maps import head_grid_sheet, heatmap_sheet, surface_sheet
from phenaki_viz.export.paper_strip import film_strip_sheet
from phenaki_viz.export.paper_text import rules
from phenaki_viz.export.paper_tracks import tracks_sheet
from phenaki_viz.figures import (
    Arrows,
    Curves,
    FilmStrip,
    HeadGrid,
    Heatmap,
    Picture,
    Surface,
    TermBars,
    Tracks,
)

_SHEETS: dict[type[Picture], Callable[..., Sheet]] = {
    Heatmap: heatmap_sheet,
    FilmStrip: film_strip_sheet,
    HeadGrid: head_grid_sheet,
    Surface: surface_sheet,
    Curves: curves_sheet,
    Arrows: arrows_sheet,
    TermBars: term_bars_sheet,
    Tracks: tracks_sheet,
}


def printed(picture: Picture, kind: Literal["png", "svg", "pdf"]) -> bytes:
    """The picture as the bytes of a print file. Raises ExportError for an unknown picture."""
    draw: Any = _SHEETS.get(type(picture))
    if draw is None:
        raise ExportError(f"{type(picture).__name__} is no picture that can be printed")
    with rules(texts_of(picture)):
        sheet = draw(picture, vector=kind != "png")
        return {"png": sheet.png, "svg": sheet.svg, "pdf": sheet.pdf}[kind](picture)
