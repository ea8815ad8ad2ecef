"""Where one query, or several, look over all frames, on one colour scale; or who looks at them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast
from zlib import crc32

import numpy as np
from PIL import Image

from phenaki_viz.browser.axes import Grid, MapAxis, Place
from phenaki_viz.browser.packing import pack
from phenaki_viz.browser.scales import scale_header
from phenaki_viz.errors import ShapeError
from phenaki_viz.figures.colour import (
    KEY_COLOUR,
    MASKED_COLOUR,
    QUERY_COLOUR,
    ColourScale,
    lut,
)
from phenaki_viz.ui.components import picks
from phenaki_viz.ui.components.assets import declare
from phenaki_viz.ui.components.shared import share
from phenaki_viz.ui.components.stamps import stamped

LARGEST = 160  # pixels a side that are sent; a frame is shown about as large
MOST_PATCHES = 128  # chosen together


class PatchPick(TypedDict):
    """The patch that was picked (step, row, column), those chosen with it, how they go together."""

    t: int
    h: int
    w: int
    also: list[list[int]]
    combine: Literal["mean", "sum"]


class Walk(TypedDict):
    """How a patch walks by itself. along: frames, row, column or all. pace: patches a second."""

    along: str
    pace: int


class StripLook(TypedDict):
    """How the strip is drawn. opacity: of the weights, 0 to 1. contrast: by how much the colours'
    end is lowered, 1 to 10. lines: between patches. beside: weights under the frames, not over
    them. bare: masked patches are not hatched.
    """

    opacity: float
    contrast: float
    lines: bool
    beside: bool
    bare: bool


SLOW_WALK: Walk = {"along": "frames", "pace": 3}


@dataclass(frozen=True, kw_only=True)
class OfMap:
    """The map a strip shows a row (or column) of, for strips that move together with its picture.

    link: names whose rows and columns the selection counts, see `share_selection`. query, key: its
    axes. weights: the name under which `attention_map` offers every weight; "" for none. word: the
    key whose column is shown, of maps whose keys are words: then the strip shows the column of the
    word that is pointed at on the map.
    """

    link: str
    query: MapAxis
    key: MapAxis
    weights: str = ""
    word: int | None = None


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

    frames: 'f H W 3' uint8. steps: the frames of each time step. weights: 't h w' float32, raw;
    NaN has no colour (masked, or not a key of this map). query: the patch that is outlined; also:
    patches chosen with it, whose weights are put together as `combine` says. side: whether weights
    are rows (the patches look) or columns (they are looked at). uniform: 1 / visible keys;
    uniforms: the same of every weight, 't h w', for colours that follow multiples of it. masked:
    't h w' bool, patches that the model was not shown: hatched, and said.
    direction, many: what stands after the name of one patch, of several ("": only one is chosen at
    a time); aside: what is added to it in small letters; direction stands alone when `still`: then
    there is nothing to pick, only to read.
    bare: frames alone, no weights to read either. each: what the colours' end belongs to where it
    is another for every patch ("this query"); None for one scale for all. locked: False follows
    the pointer at first. of_map: lets the strip move with the map's picture, and follow the
    pointer without asking. look: how it is drawn at first; what the user makes of it stays in the
    browser, and on_look is told. notes: lines under it. shows: what it is of, see `said`. on_pick,
    on_walk and on_look are called before the page is drawn: set state there.
    Raises ShapeError when the shapes do not fit.
    """
    _check(frames, steps, weights, grid)
    event = picks.news(key)
    picked = [event["t"], event["h"], event["w"]] if event else None
    asked = [int(at) for at in query] if query else None
    header = {
        "id": key,
        "film": _share_film(key, frames),
        "size": frames.shape[1:3],
        "steps": [list(step) for step in steps],
        "grid": grid,
        "scale": scale_header(scale),
        "each": each,
        "uniform": uniform,
        "side": side,
        **{"direction": direction, "many": many, "aside": aside, "unit": unit},
        **{"still": still, "bare": bare, "locked": locked},
        "chosen": None if asked is None else [asked, *(list(place) for place in also)],
        "combine": combine,
        **{"notes": list(notes), "shows": shows},
        "most": MOST_PATCHES if many else 1,
        "walk": walk,
        **{"look": look, "tellsLook": on_look is not None},
        "colours": {"query": QUERY_COLOUR, "key": KEY_COLOUR, "masked": MASKED_COLOUR},
        **_linked(of_map),
        "push": None if of_map else picks.push(key, asked, picked),
    }
    parts = {"table": lut(scale.palette), "weights": weights.astype("f4")}
    if uniforms is not None:
        parts["uniforms"] = uniforms.astype("f4")
    if masked is not None:
        parts["masked"] = masked.astype("u1")
    _mount(
        key=key,
        data=stamped(key, pack(header, **parts)),
        on_pick_change=picks.answering(key, "pick", cast(Any, on_pick)),
        on_walk_change=picks.answering(key, "walk", cast(Any, on_walk)),
        on_look_change=picks.answering(key, "look", cast(Any, on_look)),
    )
    return cast(PatchPick | None, event)


def _linked(of_map: OfMap | None) -> dict[str, Any]:
    if of_map is None:
        return {"link": None, "axes": None, "weights": "", "word": None}
    axes = {"query": of_map.query.header(), "key": of_map.key.header()}
    named = {"weights": of_map.weights, "word": of_map.word}
    return {"link": of_map.link, "axes": axes, **named}


def film_of(key: str, frames: np.ndarray) -> dict[str, Any]:
    """How other components name the frames of the strip `key`."""
    return _named(key, small_frames(frames))


def _share_film(key: str, frames: np.ndarray) -> dict[str, Any]:
    """Send frames apart from the weights over them, which are others at every click; their name."""
    pixels = small_frames(frames)
    film = _named(key, pixels)
    share(film["name"], {"of": film["of"], "shape": pixels.shape}, frames=pixels)
    return film


def _named(key: str, pixels: np.ndarray) -> dict[str, Any]:
    return {"name": f"{key}.film", "of": crc32(pixels.data)}


def small_frames(frames: np.ndarray) -> np.ndarray:
    """At most 160 pixels a side, 'f H W c' uint8; c is 1 when all frames are grey."""
    _, height, width, _ = frames.shape
    ratio = max(height, width) / LARGEST
    if ratio > 1:
        size = max(1, round(width / ratio)), max(1, round(height / ratio))
        frames = np.stack(
            [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BOX)) for one in frames]
        )
    grey = (frames[..., :1] == frames).all()
    return np.ascontiguousarray(frames[..., :1] if grey else frames)


def _check(
    frames: np.ndarray, steps: Sequence[Sequence[int]], weights: np.ndarray, grid: Grid
) -> None:
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8:
        raise ShapeError(f"frames are 'f H W 3' uint8, got {frames.shape} {frames.dtype}")
    if weights.shape != tuple(grid) or len(steps) != grid[0]:
        raise ShapeError(
            f"grid {grid}: weights are {weights.shape} and there are {len(steps)} time steps"
        )
    if max((frame for step in steps for frame in step), default=-1) >= len(frames):
        raise ShapeError(f"the steps name frames beyond the {len(frames)} that there are")
