"""Up to four heads side by side on one scale; query and key are shared by all of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from phenaki_viz.browser.pinned_message import PinnedFilm, PinnedPicture, pinned_message
from phenaki_viz.ui.components import selection_sync as sync
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.attention_map import CellPick
from phenaki_viz.ui.components.shared import share
from phenaki_viz.ui.session import named

__all__ = ["PinnedFilm", "PinnedPicture", "pinned_maps"]

_mount = declare("pinned_maps")


def pinned_maps(
    picture: PinnedPicture,
    *,
    key: str,
    selected_query: int = 0,
    link: str | None = None,
    shows: str = "",
    on_pick: Callable[[CellPick], None] | None = None,
    on_unpin: Callable[[int], None] | None = None,
) -> None:
    """Draw them.

    link: they show the selection of the page, see `share_selection`, and not `selected_query`.
    shows: what they are of, see `said`. on_pick is told the cell, on_unpin the number of the map,
    both before the page is drawn.
    """
    key = named(key)
    event = sync.new_event(key)  # of linked ones too: then the selection of the page knows of it
    push = None if link else _push(key, event, picture.total[1], selected_query)
    film = picture.film and replace(picture.film, name=named(picture.film.name))
    drawn = replace(picture, film=film)
    content = pinned_message(drawn, id=key, push=push, link=link, shows=shows)
    if film is not None and link is not None:  # apart: other at every click, where the maps are not
        about = {"of": link, "own": film.own, "count": len(picture.labels)}
        share(film.name, about, lines=film.lines)
    _mount(
        key,
        content,
        on_pick_change=sync.answering(key, "pick", _cell(on_pick)),
        on_unpin_change=sync.answering(key, "unpin", _number(on_unpin)),
    )


def _push(key: str, event: sync.Event | None, keys: int, query: int) -> dict[str, Any] | None:
    picked = [event["query"], event["key"]] if event else None
    shown = sync.shown(key, picked)
    kept = shown[1] if shown and shown[1] is not None and shown[1] < keys else None
    return sync.pending(key, [int(query), kept], picked)


def _cell(on_pick: Callable[[CellPick], None] | None) -> Callable[[sync.Event], None] | None:
    return None if on_pick is None else lambda event: on_pick(_as_pick(event))


def _as_pick(event: sync.Event) -> CellPick:
    return {"query": event["query"], "key": event["key"]}


def _number(on_unpin: Callable[[int], None] | None) -> Callable[[sync.Event], None] | None:
    return None if on_unpin is None else lambda event: on_unpin(int(event["map"]))
