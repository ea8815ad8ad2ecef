"""One map, large: zoom, pan, read the raw weight, pick a query and a key."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict, cast

import numpy as np

from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import (
    BY_HAND,
    KEY_COLOUR,
    MASKED_COLOUR,
    QUERY_COLOUR,
    WRONG_COLOUR,
    ColourScale,
    lut,
)
from phenaki_viz.figures.paint import line_over, raw_ends
from phenaki_viz.figures.picture import Axis
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.axes import MapAxis, as_map_axis
from phenaki_viz.ui.components.map_cut import MapCut, cut_header, cut_parts
from phenaki_viz.ui.components.packing import pack
from phenaki_viz.ui.components.stamps import stamped
from phenaki_viz.ui.components.weight_codes import can_code, coded


class CellPick(TypedDict):
    """A query and a key were picked; key is None when it was let go."""

    query: int
    key: int | None


class WindowWish(TypedDict):
    """The part of the map on view, in full cells, for which finer cells are wanted."""

    r0: int
    r1: int
    c0: int
    c1: int


MapEvent = CellPick | WindowWish
Window = tuple[int, int, int, int]  # r0 r1 c0 c1, ends excluded
MOST_FLOATS = 16_000  # values sent as they are; more are sent in two bytes each
MOST_RANKS = 45_000  # values sent each with its rank

_mount = declare(
    "attention_map",
    "<div class='panel'><div class='cut' hidden></div><div class='row'>"
    "<div class='plot'><canvas class='base'></canvas>"
    "<canvas class='top' tabindex='0' role='img'></canvas></div>"
    "<div class='side'><div class='legend'></div><div class='tools'></div></div></div>"
    "<div class='foot'><output class='said'></output></div>"
    "<span class='aloud' aria-live='polite'></span></div>",
)


def attention_map(
    values: np.ndarray,
    *,
    total: tuple[int, int],
    scale: ColourScale,
    query_axis: MapAxis | Axis,
    key_axis: MapAxis | Axis,
    selected_query: int,
    key: str,
    selected_key: int | Literal["kept"] | None = "kept",
    window: Window | None = None,
    cell: tuple[int, int] = (1, 1),
    reduce: Literal["mean", "max", "sum"] = "mean",
    uniform: np.ndarray | None = None,
    ranks: np.ndarray | None = None,
    cut: MapCut | None = None,
    unit: str = "weight",
    source: str = "",
    link: str | None = None,
    weights: str = "",
    on_pick: Callable[[CellPick], None] | None = None,
    on_window: Callable[[WindowWish], None] | None = None,
    view: Sequence[float] | None = None,
    on_view: Callable[[list[float] | None], None] | None = None,
    on_ends: Callable[[tuple[float, float] | None], None] | None = None,
    notes: Sequence[str] = (),
    shows: str = "",
) -> MapEvent | None:
    """Draw the map; returns what the user did in the run in which they did it, else None.

    values: 'r c' float32, raw numbers; NaN is masked, infinite belongs to a wrong row. They cover
    `window` (default: all) of the `total` map (queries, keys), one value for `cell` full cells,
    pooled by `reduce`. selected_key: None for none, "kept" to leave it to the browser. uniform:
    'i' float32, 1 / visible keys of every query of the total map. ranks: 'r c' int, place of each
    key in its whole row, 1 the heaviest; without them the browser counts where whole rows are
    here. cut: what is left out, see `MapCut`. More than MOST_FLOATS weights are sent in two bytes
    each, exact to 1e-6. source: names the map (run,
    layer, head, item); while it stays, the coarse whole map is kept in the browser and shown
    around a finer window. link: this map shows the selection of the page, see `share_selection`;
    `selected_query` and `selected_key` are then not looked at. weights: a name under which the
    other components of the page may read every weight, where all of them are sent. view: the part
    (r0 r1 c0 c1, in cells) to begin with; on_view is told the part that is zoomed to, or None for
    the whole. on_ends: lets the ends of the colours be set on the legend, and is told them, or None
    for those of `scale` again. notes: lines under it. shows: what it is of, see `said`. on_pick,
    on_window, on_view and on_ends are called before the page is drawn: set state there.
    Raises ShapeError when the shapes do not fit.
    """
    window = window or (0, total[0], 0, total[1])
    _check(values, total, window, cell, uniform)
    event = picks.news(key)
    picked = [event["query"], event["key"]] if event else None
    if selected_key == "kept":
        selected_key = _kept_key(picks.shown(key, picked), total[1])
    selected = [int(selected_query), None if selected_key is None else int(selected_key)]
    header = {
        "id": key,
        "unit": unit,
        "source": source,
        "reduce": reduce,
        **{"shape": values.shape, "total": total, "window": window, "cell": cell},
        **{"scale": scale_header(scale), "colours": _colours(scale)},
        **cut_header(cut),
        "query": as_map_axis(query_axis, total[0]).header(),
        "key": as_map_axis(key_axis, total[1]).header(),
        **{"link": link, "weights": weights, "notes": list(notes), "shows": shows},
        **{"view": list(view) if view else None, "tellsView": on_view is not None},
        "tellsEnds": on_ends is not None,
        "push": None if link else picks.push(key, selected, picked),
    }
    parts = _numbers(values, ranks) | cut_parts(cut, cell) | _uniform(uniform)
    content = pack(header, table=lut(scale.palette), **parts)
    _mount(
        key=key,
        data=stamped(key, content),
        on_pick_change=picks.answering(key, "pick", cast(Any, on_pick)),
        on_window_change=picks.answering(key, "window", cast(Any, on_window)),
        on_view_change=picks.answering(key, "view", _of_view(on_view)),
        on_ends_change=picks.answering(key, "ends", _of_ends(on_ends)),
    )
    return cast(MapEvent | None, event or picks.news(key, "window"))


def _of_view(
    on_view: Callable[[list[float] | None], None] | None,
) -> Callable[[picks.Event], None] | None:
    return None if on_view is None else lambda event: on_view(event["view"])


def _of_ends(
    on_ends: Callable[[tuple[float, float] | None], None] | None,
) -> Callable[[picks.Event], None] | None:
    if on_ends is None:
        return None

    def told(event: picks.Event) -> None:
        ends = event["ends"]
        on_ends((float(ends[0]), float(ends[1])) if ends else None)

    return told


def scale_header(scale: ColourScale) -> dict[str, Any]:
    """A colour scale for the browser; `placer` of numbers/scale.js is `ColourScale.unit`."""
    low, high = raw_ends(scale)
    above = scale.cut_off
    most = None if scale.most is None else float(scale.most)
    said = {"above": above, "most": most, "scope": scale.scope, "hand": scale.scope == BY_HAND}
    ends = {"low": low, "high": high, "law": scale.law, **said}
    return ends | ({"names": scale.swatches} if scale.names else {})


def _colours(scale: ColourScale) -> dict[str, str]:
    return {
        "query": QUERY_COLOUR,
        "key": KEY_COLOUR,
        "masked": MASKED_COLOUR,
        "wrong": WRONG_COLOUR,
        "line": line_over(scale.palette),
    }


def _kept_key(shown: list[int | None] | None, keys: int) -> int | None:
    key = shown[1] if shown else None
    return key if key is not None and key < keys else None


def _numbers(values: np.ndarray, ranks: np.ndarray | None) -> dict[str, np.ndarray]:
    coding = values.size > MOST_FLOATS and can_code(values)
    numbers = coded(values) if coding else {"values": _f4(values)}
    return numbers if ranks is None else {**numbers, "ranks": ranks.astype(np.uint16)}


def _f4(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)


def _uniform(uniform: np.ndarray | None) -> dict[str, np.ndarray]:
    return {} if uniform is None else {"uniform": _f4(uniform)}


def _check(
    values: np.ndarray,
    total: tuple[int, int],
    window: Window,
    cell: tuple[int, int],
    uniform: np.ndarray | None,
) -> None:
    r0, r1, c0, c1 = window
    if not (0 <= r0 < r1 <= total[0] and 0 <= c0 < c1 <= total[1]):
        raise ShapeError(f"window {window} is not inside a map of {total[0]} × {total[1]} cells")
    wanted = -(-(r1 - r0) // cell[0]), -(-(c1 - c0) // cell[1])
    if values.shape != wanted:
        raise ShapeError(
            f"window {window} in cells of {cell} is {wanted} values, got {values.shape}"
        )
    if uniform is not None and uniform.shape != total[:1]:
        raise ShapeError(f"uniform has one number a query, {total[0]}; got {uniform.shape}")
