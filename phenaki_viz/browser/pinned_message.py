"""Pinned heads for the browser: what is drawn of their maps and rows, and the message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from phenaki_viz.browser.axes import Grid, MapAxis
from phenaki_viz.browser.film import FilmName
from phenaki_viz.browser.packing import pack
from phenaki_viz.browser.scales import scale_header
from phenaki_viz.browser.weight_codes import coded
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import (
    KEY_COLOUR,
    MASKED_COLOUR,
    QUERY_COLOUR,
    WRONG_COLOUR,
    ColourScale,
    lut,
)
from phenaki_viz.figures.paint import line_over

LINES = "pinned.lines"  # what the rows are offered as, apart: others at every click


@dataclass(frozen=True, kw_only=True)
class PinnedFilm:
    """Frames under which each head's row is seen, and the rows.

    frames: their name on the page's strip, see `film_name`. size: of a frame, (H, W). steps: the
    frames of each time step. grid: 't h w' of the video. side: whether rows are shown or, of maps
    whose keys are words, columns. lines: 'p t h w' float32, one a map, of row (or column) `own`:
    for maps whose weights are not all sent; name: what they are offered as.
    """

    frames: FilmName
    size: tuple[int, int]
    steps: Sequence[Sequence[int]]
    grid: Grid
    side: Literal["row", "column"]
    own: int
    lines: np.ndarray
    name: str = LINES

    def message(self, id: str, link: str) -> bytes:
        """The lines, for the panel `shared`; link: of the maps."""
        about = {"id": id, "name": self.name, "of": link, "own": self.own}
        return pack({**about, "count": len(self.lines)}, lines=self.lines)


@dataclass(frozen=True, kw_only=True, eq=False)
class PinnedPicture:
    """One map a label.

    values: 'p r c' weights, each the mean of `cell` of the `total` map; NaN is masked, infinite a
    wrong row; sent in two bytes each, exact to 1e-6. uniform: 'i', 1 / visible keys. film: draws
    the selected row (or word's column) of each over frames, under its map. notes: lines under them.
    Raises ShapeError when the shapes do not fit.
    """

    values: np.ndarray
    labels: Sequence[str]
    total: tuple[int, int]
    cell: tuple[int, int]
    scale: ColourScale
    query: MapAxis
    key: MapAxis
    uniform: np.ndarray
    film: PinnedFilm | None = None
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        labels, total, cell = self.labels, self.total, self.cell
        wanted = len(labels), -(-total[0] // cell[0]), -(-total[1] // cell[1])
        if self.values.shape != wanted or self.uniform.shape != total[:1]:
            raise ShapeError(
                f"{len(labels)} maps of {total} in cells of {cell} are {wanted} values and "
                f"{total[0]} uniform weights, got {self.values.shape} and {self.uniform.shape}"
            )


def pinned_message(
    picture: PinnedPicture,
    *,
    id: str,
    push: Mapping[str, Any] | None,
    link: str | None = None,
    shows: str = "",
) -> bytes:
    """The message for the panel `pinned_maps`. id: what its pick is remembered by.

    push, link: as in `MapView`. shows: what they are of, for texts that speak of it.
    """
    scale = picture.scale
    colours = {
        **{"query": QUERY_COLOUR, "key": KEY_COLOUR},
        **{"masked": MASKED_COLOUR, "wrong": WRONG_COLOUR, "line": line_over(scale.palette)},
    }
    header = {
        "id": id,
        "labels": list(picture.labels),
        "shape": picture.values.shape[1:],
        **{"total": picture.total, "cell": picture.cell},
        **{"scale": scale_header(scale), "colours": colours},
        **{"query": picture.query.header(), "key": picture.key.header(), "link": link},
        **{"notes": list(picture.notes), "shows": shows},
        **_film_header(picture.film),
        "push": push,
    }
    numbers = {"uniform": picture.uniform.astype(np.float32), **coded(picture.values)}
    return pack(header, table=lut(scale.palette), **numbers)


def _film_header(film: PinnedFilm | None) -> dict[str, Any]:
    if film is None:
        return {"film": None}
    return {
        "film": dict(film.frames),
        "size": film.size,
        "steps": [list(step) for step in film.steps],
        "grid": film.grid,
        "side": film.side,
        "lines": film.name,
    }
