"""Maps on the page: the large one that is zoomed into, and those that are given whole."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from phenaki_viz.analysis.row_filter import RowFilter
from phenaki_viz.analysis.tiles import MapTile, pooled
from phenaki_viz.browser.axes import axis_of
from phenaki_viz.browser.map_message import MapPicture, MapView
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.export.map_page import map_picture
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.figures.heatmap import Heatmap
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.ui import session
from phenaki_viz.ui.components.attention_map import (
    MOST_RANKS,
    CellPick,
    WindowWish,
    attention_map,
)
from phenaki_viz.ui.sections import map_filter
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.link import numbers_in_url, say_in_url
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.state.wishes import wish
from phenaki_viz.ui.work import computed
from phenaki_viz.ui.work.shelves import number_of

MOST_CELLS = 324  # values a side that are sent to the browser at once: 210 kB
MOST_CUT_CELLS = 200  # the same where more is sent of each value: what is kept of it, renormalised


def attention(
    selection: Selection,
    of_map: OfMap,
    tile: MapTile,
    scale: ColourScale,
    row_filter: RowFilter | None = None,
    *,
    said: tuple[str, str] = ("", ""),
    shows: str = "",
    on_ends: Callable[[tuple[float, float] | None], None] | None = None,
) -> None:
    """One head's map, large: exact where it is small or zoomed into, pooled and so named else.

    tile: see `shown_tile`. row_filter: what is left out of it, and said on it. said: the line under
    it, in few words and at length. shows: what it is of. on_ends: told where the legend's handles
    were put.
    """
    record, at = selection.record, (selection.item, selection.head)
    _, _, i, j = record.map.shape
    exact = tile.cell == (1, 1) and tile.values.size <= MOST_RANKS
    picture = MapPicture(
        values=tile.values,
        total=(i, j),
        window=tile.window,
        cell=tile.cell,
        scale=scale,
        query=of_map.query,
        key=of_map.key,
        uniform=tile.uniform,
        ranks=computed.ranks(record, *at, tile) if exact else None,
        row_filter=map_filter.on_map(selection, tile, row_filter) if row_filter else None,
        source=f"{record.module} {at} {i} {j} {number_of(selection.recording)} {row_filter}",
        notes=said[:1],
        about=said[1],
    )
    view = MapView(
        link=of_map.link,
        weights=of_map.weights,
        part=_first_view(),
        shows=shows,
    )
    attention_map(
        picture,
        view,
        key="map",
        on_pick=picked_cell(record, selection.item),
        on_window=_keep_window,
        on_view=_keep_view,
        on_ends=on_ends,
    )


def _first_view() -> tuple[float, ...] | None:
    """What a link zooms to. It stays as it is: what changes would send the map again."""
    first: tuple[float, ...] | None = session.first("map.view.first", numbers_in_url("view", 4))
    view = session.first("map.view", first)
    say_in_url("view", "-".join(f"{at:g}" for at in view) if view else "")
    return first


def zoomed_to(selection: Selection) -> tuple[int, int, int, int] | None:
    """The cells of the large map that are on view, whole ones; None where that is all of it."""
    view = session.get("map.view")
    _, _, i, j = selection.record.map.shape
    if view is None or not (0 <= view[0] < view[1] <= i and 0 <= view[2] < view[3] <= j):
        return None
    r0, r1, c0, c1 = int(view[0]), -int(-view[1] // 1), int(view[2]), -int(-view[3] // 1)
    return (r0, r1, c0, c1) if (r0, r1, c0, c1) != (0, i, 0, j) else None


def _keep_view(view: list[float] | None) -> None:
    session.put("map.view", view)


def shown_tile(selection: Selection, row_filter: RowFilter | None) -> MapTile:
    """The part of the selected head's map that is on view, as finely as is sent."""
    record = selection.record
    window = _window(*record.map.shape[2:])
    tile = computed.tile(record, selection.item, selection.head, window, MOST_CELLS)
    if row_filter is None or tile.cell == (1, 1):
        return tile
    return computed.tile(record, selection.item, selection.head, window, MOST_CUT_CELLS)


def heatmap(
    picture: Heatmap,
    selection: Selection,
    *,
    key: str,
    notes: Sequence[str] = (),
    shows: str = "",
) -> None:
    """A map that is given whole, such as a mask. notes: lines under it. shows: what it is of."""
    values, cell = pooled(picture.values, picture.hidden, MOST_CELLS)
    drawn = MapPicture(
        values=values,
        total=(picture.values.shape[0], picture.values.shape[1]),
        cell=cell,
        scale=picture.scale,
        query=axis_of(selection.record, selection.item, "query"),
        key=axis_of(selection.record, selection.item, "key"),
        unit=picture.unit,
        source=picture.name,
        notes=notes,
    )
    attention_map(
        drawn,
        MapView(shows=shows),
        key=key,
        selected=(selection.query, "kept"),
        on_pick=picked_cell(selection.record, selection.item),
    )


def named_map(
    picture: Heatmap,
    *,
    key: str,
    selected: tuple[int, int | None] = (0, None),
    notes: Sequence[str] = (),
    shows: str = "",
    on_pick: Callable[[CellPick], None] | None = None,
) -> None:
    """A map of something else than attention, such as heads against heads, its cells by name.

    selected: row and column.
    """
    attention_map(
        replace(map_picture(picture), notes=notes),
        MapView(shows=shows),
        key=key,
        selected=selected,
        on_pick=on_pick,
    )


def _window(i: int, j: int) -> tuple[int, int, int, int]:
    """The chosen part of the map; the whole of it where that part does not exist."""
    window: WindowWish | None = session.get("map.window.asked")
    if window is None or window["r1"] > i or window["c1"] > j:
        return 0, i, 0, j
    return window["r0"], window["r1"], window["c0"], window["c1"]


def _keep_window(window: WindowWish) -> None:
    session.put("map.window.asked", window)


def picked_cell(
    record: AttentionRecord, item: int, *, directed: bool = True
) -> Callable[[CellPick], None]:
    """What to do with a cell picked on a map: its patch is chosen, and its key.

    Of keys that are a text, the key is the word whose readers are shown. directed: the page can
    show who looks at a patch; where it does, the key's patch is chosen and not the query's.
    """
    queries, keys = record.query_axis(item), record.key_axis(item)

    def picked(pick: CellPick) -> None:
        query, key = pick["query"], pick["key"]
        by_key = directed and not keys.reads_words and session.get("direction") == "column"
        place = queries.stands_at(query)
        if by_key and key is not None:
            place = keys.stands_at(key)
        if place is not None:  # a null key, a word, a class token has none
            wish(place=place)
        patches.pick_key(key)
        if keys.reads_words and key is not None:
            session.put(patches.WORD, key)

    return picked
