"""Where one query, or several, look over all frames, on one colour scale; or who looks at them."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict, cast

import numpy as np

from phenaki_viz.browser.axes import Grid, Place
from phenaki_viz.browser.film import film_of, named, small_frames
from phenaki_viz.browser.strip_message import (
    MOST_PATCHES,
    SLOW_WALK,
    OfMap,
    StripLook,
    StripPicture,
    StripView,
    Walk,
    strip_message,
)
from phenaki_viz.figures.colour import ColourScale
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.shared import share
from phenaki_viz.ui.components.stamps import stamped

__all__ = [
    "MOST_PATCHES",
    "SLOW_WALK",
    "OfMap",
    "PatchPick",
    "StripLook",
    "Walk",
    "film_of",
    "film_strip",
]


class PatchPick(TypedDict):
    """The patch that was picked (step, row, column), those chosen with it, how they go together."""

    t: int
    h: int
    w: int
    also: list[list[int]]
    combine: Literal["mean", "sum"]


_mount = declare("film_strip")


def film_strip(
    frames: np.ndarray,
    *,
    steps: Sequence[Sequence[int]],
    weights: np.ndarray,
    query: Place | None,
    grid: Grid,
    scale: ColourScale,
    key: str,
    also: Sequence[Place] = (),
    combine: Literal["mean", "sum"] = "mean",
    side: Literal["row", "column"] = "row",
    uniform: float | None = None,
    uniforms: np.ndarray | None = None,
    masked: np.ndarray | None = None,
    direction: str = "looks at",
    many: str = "",
    aside: str = "",
    unit: str = "weight",
    each: str | None = None,
    locked: bool = True,
    still: bool = False,
    bare: bool = False,
    of_map: OfMap | None = None,
    walk: Walk = SLOW_WALK,
    on_pick: Callable[[PatchPick], None] | None = None,
    on_walk: Callable[[Walk], None] | None = None,
    look: StripLook | None = None,
    on_look: Callable[[StripLook], None] | None = None,
    notes: Sequence[str] = (),
    shows: str = "",
) -> PatchPick | None:
    """Draw the strip; returns the patch in the run in which one was picked, else None.

    What is drawn is as in `StripPicture`, which raises ShapeError when the shapes do not fit;
    locked, of_map and walk as in `StripView`. query: the patch that is outlined; also: patches
    chosen with it. look: how it is drawn at first; what the user makes of it stays in the browser,
    and on_look is told. shows: what it is of, see `said`. on_pick, on_walk and on_look are called
    before the page is drawn: set state there.
    """
    asked = [int(at) for at in query] if query else None
    picture = StripPicture(
        frames=frames,
        steps=steps,
        weights=weights,
        grid=grid,
        scale=scale,
        chosen=[query, *also] if query else None,
        combine=combine,
        side=side,
        uniform=uniform,
        uniforms=uniforms,
        masked=masked,
        direction=direction,
        many=many,
        aside=aside,
        unit=unit,
        each=each,
        still=still,
        bare=bare,
        notes=notes,
    )
    event = picks.news(key)
    picked = [event["t"], event["h"], event["w"]] if event else None
    view = StripView(
        push=None if of_map else picks.push(key, asked, picked),
        of_map=of_map,
        locked=locked,
        walk=walk,
        look=look,
        tells_look=on_look is not None,
        shows=shows,
    )
    content = strip_message(picture, view, id=key, film=_share_film(key, frames))
    _mount(
        key=key,
        data=stamped(key, content),
        on_pick_change=picks.answering(key, "pick", cast(Any, on_pick)),
        on_walk_change=picks.answering(key, "walk", cast(Any, on_walk)),
        on_look_change=picks.answering(key, "look", cast(Any, on_look)),
    )
    return cast(PatchPick | None, event)


def _share_film(key: str, frames: np.ndarray) -> dict[str, Any]:
    """Send frames apart from the weights over them, which are others at every click; their name."""
    pixels = small_frames(frames)
    film = named(key, pixels)
    share(film["name"], {"of": film["of"], "shape": pixels.shape}, frames=pixels)
    return film
