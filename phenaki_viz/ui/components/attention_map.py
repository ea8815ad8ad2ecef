"""One map, large: zoom, pan, read the raw weight, pick a query and a key."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, TypedDict, cast

from phenaki_viz.browser.map_message import MapPicture, MapView, map_message
from phenaki_viz.ui.components import selection_sync as sync
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.session import named


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


Selected = tuple[int, int | Literal["kept"] | None]
MapEvent = CellPick | WindowWish
WHOLE = MapView()
MOST_RANKS = 45_000  # values sent each with its rank

_mount = declare("attention_map")


def attention_map(
    picture: MapPicture,
    view: MapView = WHOLE,
    *,
    key: str,
    selected: Selected = (0, "kept"),
    on_pick: Callable[[CellPick], None] | None = None,
    on_window: Callable[[WindowWish], None] | None = None,
    on_view: Callable[[list[float] | None], None] | None = None,
    on_ends: Callable[[tuple[float, float] | None], None] | None = None,
) -> MapEvent | None:
    """Draw the map; returns what the user did in the run in which they did it, else None.

    view: what it says of events and of the selection is filled in here. selected: query and key;
    None for no key, "kept" to leave it to the browser; not looked at where the view has a `link`,
    see `share_selection`. on_view is told the part that is zoomed to, or None for the whole.
    on_ends: lets the ends of the colours be set on the legend, and is told them, or None for those
    of the scale again. on_pick, on_window, on_view and on_ends are called before the page is drawn:
    set state there.
    """
    key = named(key)
    event = sync.new_event(key)
    picked = [event["query"], event["key"]] if event else None
    looked_at = replace(
        view,
        push=None if view.link else _push(key, selected, picked, picture.total[1]),
        tells_part=on_view is not None,
        tells_ends=on_ends is not None,
    )
    content = map_message(picture, looked_at, id=key)
    _mount(
        key,
        content,
        on_pick_change=sync.answering(key, "pick", cast(Any, on_pick)),
        on_window_change=sync.answering(key, "window", cast(Any, on_window)),
        on_view_change=sync.answering(key, "view", _of_view(on_view)),
        on_ends_change=sync.answering(key, "ends", _of_ends(on_ends)),
    )
    return cast(MapEvent | None, event or sync.new_event(key, "window"))


def _push(
    key: str, selected: Selected, picked: list[Any] | None, keys: int
) -> dict[str, Any] | None:
    query, column = selected
    if column == "kept":
        column = _kept_key(sync.shown(key, picked), keys)
    wanted = [int(query), None if column is None else int(column)]
    return sync.pending(key, wanted, picked)


def _of_view(
    on_view: Callable[[list[float] | None], None] | None,
) -> Callable[[sync.Event], None] | None:
    return None if on_view is None else lambda event: on_view(event["view"])


def _of_ends(
    on_ends: Callable[[tuple[float, float] | None], None] | None,
) -> Callable[[sync.Event], None] | None:
    if on_ends is None:
        return None

    def set_ends(event: sync.Event) -> None:
        ends = event["ends"]
        on_ends((float(ends[0]), float(ends[1])) if ends else None)

    return set_ends


def _kept_key(shown: list[int | None] | None, keys: int) -> int | None:
    key = shown[1] if shown else None
    return key if key is not None and key < keys else None
