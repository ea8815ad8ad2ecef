"""The navigator: every head of a stack as a small map, layers down, heads across."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phenaki_viz.browser.grid_message import (
    LAST_CODE,
    MASKED,
    MOST_PINS,
    WRONG,
    GridPicture,
    grid_message,
    tile_codes,
)
from phenaki_viz.ui.components import selection_sync as sync
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.session import named

__all__ = [
    "LAST_CODE",
    "MASKED",
    "MOST_PINS",
    "WRONG",
    "Arrangement",
    "GridPicture",
    "head_grid",
    "tile_codes",
]

_mount = declare("head_grid")


@dataclass(frozen=True)
class Arrangement:
    """How the grid stands. alone: only the selected head, large. pins: heads held side by side."""

    alone: bool = False
    pins: tuple[tuple[int, int], ...] = ()


def head_grid(
    picture: GridPicture,
    *,
    selected: tuple[int, int],
    key: str,
    arranged: Arrangement | None = None,
    on_pick: Callable[[int, int], None] | None = None,
    on_arrange: Callable[[Arrangement], None] | None = None,
    repeats: bool = False,
    shows: str = "",
) -> tuple[int, int] | None:
    """Draw the grid; returns (layer, head) in the run in which one was picked, else None.

    arranged: lets heads be isolated and pinned; what the user does is told to on_arrange. repeats:
    on_pick is told the selected head too. shows: what it is of, see `said`. on_pick(layer, head) is
    called before the page is drawn: set state there.
    """
    key = named(key)
    event = sync.new_event(key)
    picked = [event["layer"], event["head"]] if event else None
    push = sync.pending(key, [int(at) for at in selected], picked)
    arrange = _arrange(key, arranged)
    content = grid_message(
        picture, id=key, push=push or {}, arrange=arrange, repeats=repeats, shows=shows
    )
    _mount(
        key,
        content,
        on_pick_change=sync.answering(key, "pick", _two(on_pick)),
        on_arrange_change=sync.answering(key, "arrange", _whole(on_arrange)),
    )
    return (picked[0], picked[1]) if picked else None


def _two(on_pick: Callable[[int, int], None] | None) -> Callable[[sync.Event], None] | None:
    return None if on_pick is None else lambda event: on_pick(event["layer"], event["head"])


def _arrange(key: str, arranged: Arrangement | None) -> dict[str, Any] | None:
    if arranged is None:
        return None
    event = sync.new_event(key, "arrange")
    state = {"alone": arranged.alone, "pins": [list(pin) for pin in arranged.pins]}
    return sync.pending(key, state, event, "arrange")


def _whole(
    on_arrange: Callable[[Arrangement], None] | None,
) -> Callable[[sync.Event], None] | None:
    if on_arrange is None:
        return None
    return lambda event: on_arrange(
        Arrangement(bool(event["alone"]), tuple((one[0], one[1]) for one in event["pins"]))
    )
