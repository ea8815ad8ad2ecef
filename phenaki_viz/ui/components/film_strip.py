"""Where one query, or several, look over all frames, on one colour scale; or who looks at them."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from phenaki_viz.browser.film import FilmName, film_name
from phenaki_viz.browser.strip_message import (
    MOST_PATCHES,
    SLOW_WALK,
    StripStyle,
    StripView,
    StripWords,
    Walk,
    strip_message,
)
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.ui.components import selection_sync as sync
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.shared import share
from phenaki_viz.ui.session import named

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "MOST_PATCHES",
    "SLOW_WALK",
    "PatchPick",
    "StripStyle",
    "StripView",
    "StripWords",
    "Walk",
    "film_strip",
    "share_film",
]


class PatchPick(TypedDict):
    """The chosen patches (step, row, column), the first one first; how they go together."""

    places: list[list[int]]
    combine: Literal["mean", "sum"]


HELD, USUAL = StripView(), StripWords()

_mount = declare("film_strip")


def film_strip(
    picture: FilmStrip,
    words: StripWords = USUAL,
    view: StripView = HELD,
    *,
    key: str,
    film: FilmName,
    on_pick: Callable[[PatchPick], None] | None = None,
    on_walk: Callable[[Walk], None] | None = None,
    on_look: Callable[[StripStyle], None] | None = None,
) -> PatchPick | None:
    """Draw the strip; returns the patch in the run in which one was picked, else None.

    film: the name of its frames, see `share_film`. words: what is said with it. view: what it says
    of events and of the selection is filled in here; its `look` is how the strip is drawn at first:
    what the user makes of it stays in the browser, and on_look is told. on_pick, on_walk and
    on_look are called before the page is drawn: set state there.
    """
    key = named(key)
    places = [list(place) for place in picture.places]
    event = sync.new_event(key)
    picked = event["places"] if event else None
    looked_at = replace(
        view,
        push=None if view.of_map else sync.pending(key, places, picked),
        tells_look=on_look is not None,
    )
    _mount(
        key,
        strip_message(picture, words, looked_at, id=key, film=film),
        on_pick_change=sync.answering(key, "pick", cast(Any, on_pick)),
        on_walk_change=sync.answering(key, "walk", cast(Any, on_walk)),
        on_look_change=sync.answering(key, "look", cast(Any, on_look)),
    )
    return cast(PatchPick | None, event)


def share_film(key: str, pixels: "np.ndarray") -> FilmName:
    """Send the frames of the strip `key` apart from the weights over them, which are others at
    every click; the name by which strips show them. pixels: see `small_frames`.
    """
    film = film_name(named(key), pixels)
    share(film["name"], {"of": film["of"], "shape": pixels.shape}, frames=pixels)
    return film
