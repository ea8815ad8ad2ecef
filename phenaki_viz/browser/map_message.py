"""A map for the browser: what is drawn, how it is looked at, and the message that says both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from phenaki_viz.browser.axes import MapAxis, as_map_axis
from phenaki_viz.browser.map_filter import MapFilter, filter_header, filter_parts
from phenaki_viz.browser.packing import pack
from phenaki_viz.browser.scales import scale_header
from phenaki_viz.browser.weight_codes import can_code, coded
from phenaki_viz.browser.weight_factors import Factors
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
from phenaki_viz.figures.picture import Axis

Window = tuple[int, int, int, int]  # r0 r1 c0 c1, ends excluded
MOST_FLOATS = 16_000  # values sent as they are; more are sent in two bytes each


@dataclass(frozen=True, kw_only=True, eq=False)
class MapPicture:
    """What is drawn of a map.

    values: 'r c' float32, raw numbers; NaN is masked, infinite belongs to a wrong row. They cover
    `window` (default: all) of the `total` map (queries, keys), one value for `cell` full cells,
    pooled by `reduce`. uniform: 'i' float32, 1 / visible keys of every query of the total map.
    ranks: 'r c' int, place of each key in its whole row, 1 the heaviest; without them the browser
    counts where whole rows are here. factors: the same weights by factors, which then are sent.
    row_filter: what is left out, see `MapFilter`. source: names the map (run, layer,
    head, item); while it stays, the coarse whole map is kept in the browser and shown around a
    finer window. notes: lines under it; about: what they say at length. Raises ShapeError when
    the shapes do not fit.
    """

    values: np.ndarray
    total: tuple[int, int]
    scale: ColourScale
    query: MapAxis | Axis
    key: MapAxis | Axis
    window: Window | None = None
    cell: tuple[int, int] = (1, 1)
    reduce: Literal["mean", "max", "sum"] = "mean"
    uniform: np.ndarray | None = None
    ranks: np.ndarray | None = None
    factors: Factors | None = None
    row_filter: MapFilter | None = None
    unit: str = "weight"
    source: str = ""
    notes: Sequence[str] = ()
    about: str = ""

    def __post_init__(self) -> None:
        r0, r1, c0, c1 = self.part
        if not (0 <= r0 < r1 <= self.total[0] and 0 <= c0 < c1 <= self.total[1]):
            raise ShapeError(
                f"window {self.part} is not inside a map of {self.total[0]} × {self.total[1]} cells"
            )
        wanted = -(-(r1 - r0) // self.cell[0]), -(-(c1 - c0) // self.cell[1])
        if self.values.shape != wanted:
            raise ShapeError(
                f"window {self.part} in cells of {self.cell} is {wanted} values, "
                f"got {self.values.shape}"
            )
        if self.uniform is not None and self.uniform.shape != self.total[:1]:
            raise ShapeError(
                f"uniform has one number a query, {self.total[0]}; got {self.uniform.shape}"
            )

    @property
    def part(self) -> Window:
        """The window, where there is none the whole map."""
        return self.window or (0, self.total[0], 0, self.total[1])


@dataclass(frozen=True, kw_only=True)
class MapView:
    """How a map is looked at, and what the host hears of.

    push: the selection that Python has, {"rev", "value": [query, key or None], "seen"}: counted
    while `rev` is new and the browser has picked nothing since `seen`; None with `link`. link: the
    map shows the selection of the page. weights: a name under which the other panels of the page
    may read every weight, where all of them are sent. part: r0 r1 c0 c1 in cells, to begin with.
    tells_part, tells_ends: whether the host is told the part that is zoomed to, and the ends of the
    colours, which then can be set on the legend. shows: what it is of, for texts that speak of it.
    """

    push: Mapping[str, Any] | None = None
    link: str | None = None
    weights: str = ""
    part: Sequence[float] | None = None
    tells_part: bool = False
    tells_ends: bool = False
    shows: str = ""


def map_message(picture: MapPicture, view: MapView, *, id: str) -> bytes:
    """The message for the panel `attention_map`. id: what its zoom and pick are remembered by.

    More than MOST_FLOATS weights are sent in two bytes each, exact to 1e-6: every digit that is
    shown of them is right.
    """
    scale, total = picture.scale, picture.total
    header = {
        "id": id,
        **{"unit": picture.unit, "source": picture.source, "reduce": picture.reduce},
        **{"shape": picture.values.shape, "total": total},
        **{"window": picture.part, "cell": picture.cell},
        **{"scale": scale_header(scale), "colours": _colours(scale)},
        "factors": picture.factors and picture.factors.header,
        **filter_header(picture.row_filter),
        "query": as_map_axis(picture.query, total[0]).header(),
        "key": as_map_axis(picture.key, total[1]).header(),
        **{
            "link": view.link,
            "weights": view.weights,
            "notes": list(picture.notes),
            "about": picture.about,
        },
        "shows": view.shows,
        **{"view": list(view.part) if view.part else None, "tellsView": view.tells_part},
        **{"tellsEnds": view.tells_ends, "push": view.push},
    }
    parts = (
        _numbers(picture)
        | filter_parts(picture.row_filter, picture.cell)
        | _uniform(picture.uniform)
    )
    return pack(header, table=lut(scale.palette), **parts)


def _colours(scale: ColourScale) -> dict[str, str]:
    return {
        "query": QUERY_COLOUR,
        "key": KEY_COLOUR,
        "masked": MASKED_COLOUR,
        "wrong": WRONG_COLOUR,
        "line": line_over(scale.palette),
    }


def _numbers(picture: MapPicture) -> dict[str, np.ndarray]:
    values, ranks = picture.values, picture.ranks
    if picture.factors is not None:
        return picture.factors.parts
    coding = values.size > MOST_FLOATS and can_code(values)
    numbers = coded(values) if coding else {"values": _f4(values)}
    return numbers if ranks is None else {**numbers, "ranks": ranks.astype(np.uint16)}


def _f4(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)


def _uniform(uniform: np.ndarray | None) -> dict[str, np.ndarray]:
    return {} if uniform is None else {"uniform": _f4(uniform)}
