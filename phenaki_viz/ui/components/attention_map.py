"""One map, large: zoom, pan, read the raw weight, pick a query and a key."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict, cast

import numpy as np

from phenaki_viz.browser.axes import MapAxis
from phenaki_viz.browser.map_cut import MapCut
from phenaki_viz.browser.map_message import MapPicture, MapView, Window, map_message
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.picture import Axis
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.stamps import stamped


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
MOST_RANKS = 45_000  # values sent each with its rank

_mount = declare("attention_map")


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

    What is drawn is as in `MapPicture`, which raises ShapeError when the shapes do not fit; link,
    weights, view and shows as in `MapView`. selected_key: None for none, "kept" to leave it to the
    browser. link: this map shows the selection of the page, see `share_selection`; `selected_query`
    and `selected_key` are then not looked at. on_view is told the part that is zoomed to, or None
    for the whole. on_ends: lets the ends of the colours be set on the legend, and is told them, or
    None for those of `scale` again. on_pick, on_window, on_view and on_ends are called before the
    page is drawn: set state there.
    """
    picture = MapPicture(
        values=values,
        total=total,
        scale=scale,
        query=query_axis,
        key=key_axis,
        window=window,
        cell=cell,
        reduce=reduce,
        uniform=uniform,
        ranks=ranks,
        cut=cut,
        unit=unit,
        source=source,
        notes=notes,
    )
    event = picks.news(key)
    picked = [event["query"], event["key"]] if event else None
    if selected_key == "kept":
        selected_key = _kept_key(picks.shown(key, picked), total[1])
    selected = [int(selected_query), None if selected_key is None else int(selected_key)]
    looked_at = MapView(
        push=None if link else picks.push(key, selected, picked),
        link=link,
        weights=weights,
        part=view,
        tells_part=on_view is not None,
        tells_ends=on_ends is not None,
        shows=shows,
    )
    content = map_message(picture, looked_at, id=key)
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


def _kept_key(shown: list[int | None] | None, keys: int) -> int | None:
    key = shown[1] if shown else None
    return key if key is not None and key < keys else None
