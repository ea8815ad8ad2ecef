"""A film strip for the browser: what is drawn, how it is looked at, and the message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np

from phenaki_viz.browser.film import FilmName
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.browser.packing import pack
from phenaki_viz.browser.scales import scale_header
from phenaki_viz.figures.colour import (
    KEY_COLOUR,
    MASKED_COLOUR,
    QUERY_COLOUR,
    lut,
)
from phenaki_viz.figures.film_strip import NATS, FilmStrip

MOST_PATCHES = 128  # chosen together


class Walk(TypedDict):
    """How a patch walks by itself. along: frames, row, column or all. pace: patches a second."""

    along: str
    pace: int


class StripStyle(TypedDict):
    """How the strip is drawn. opacity: of the weights, 0 to 1. contrast: by how much the colours'
    end is lowered, 1 to 10. lines: between patches. beside: weights under the frames, not over
    them. bare: masked patches are not hatched.
    """

    opacity: float
    contrast: float
    lines: bool
    beside: bool
    bare: bool


# What a patch is called that has no number, and why it has none.
NO_WEIGHT = ("no weight", "masked, or not a key here")
NO_LOSS = ("no loss", "not masked, or not finite")
SLOW_WALK: Walk = {"along": "frames", "pace": 3}


@dataclass(frozen=True, kw_only=True)
class StripWords:
    """What is said with a strip. direction, many: what stands behind the name of one patch, of
    several ("": only one is chosen at a time); aside: what is added to it in small letters.
    combine: how the weights of several were put together. unit: of its numbers. each: what the
    colours' end belongs to where it is another for every patch ("this query"); None for one scale
    for all. notes: lines under it.
    """

    direction: str = "looks at"
    many: str = ""
    aside: str = ""
    combine: Literal["mean", "sum"] = "mean"
    unit: str = "weight"
    each: str | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class StripView:
    """How a strip is looked at, and what the host hears of.

    push: the patches that Python has, {"rev", "value": [[t, h, w], …], "seen"}; None with `of_map`,
    a row or column of which is shown: the strip moves with the map's picture and follows the
    pointer without asking; of keys that are words, the word pointed at on the map. locked:
    False follows the pointer at first. look: how it is drawn at first; tells_look: whether the host
    is told what the user makes of it. shows: what it is of, for texts that speak of it. still:
    there is nothing to pick, only to read, and its `direction` stands alone. bare: frames alone, no
    weights to read either.
    """

    push: Mapping[str, Any] | None = None
    of_map: OfMap | None = None
    locked: bool = True
    walk: Walk | None = None
    look: StripStyle | None = None
    tells_look: bool = False
    shows: str = ""
    still: bool = False
    bare: bool = False


def strip_message(
    picture: FilmStrip, words: StripWords, view: StripView, *, id: str, film: FilmName
) -> bytes:
    """The message for the panel `film_strip`. id: what its pick is remembered by. film: the name
    of its frames, see `phenaki_viz.browser.film`.
    """
    header = {
        "id": id,
        "film": film,
        "size": picture.frames.shape[1:3],
        "steps": [list(step) for step in picture.steps],
        "grid": picture.weights.shape,
        "scale": scale_header(picture.scale),
        **{"each": words.each, "uniform": picture.uniform, "side": picture.side},
        **{"direction": words.direction, "many": words.many, "aside": words.aside},
        **{"unit": words.unit, "absent": NO_LOSS if picture.unit == NATS else NO_WEIGHT},
        **{"still": view.still, "bare": view.bare},
        "locked": view.locked,
        "places": picture.places,
        "combine": words.combine,
        **{"notes": list(words.notes), "shows": view.shows},
        "most": MOST_PATCHES if words.many else 1,
        "walk": view.walk or SLOW_WALK,
        **{"look": view.look, "tellsLook": view.tells_look},
        "colours": {"query": QUERY_COLOUR, "key": KEY_COLOUR, "masked": MASKED_COLOUR},
        **_linked(view.of_map, picture.word),
        "push": view.push,
    }
    return pack(header, table=lut(picture.scale.palette), **_numbers(picture))


def _linked(of_map: OfMap | None, word: int | None) -> dict[str, Any]:
    if of_map is None:
        return {"link": None, "axes": None, "weights": "", "lines": "", "word": None}
    return {**of_map.header(), "weights": of_map.weights, "lines": of_map.lines, "word": word}


def _numbers(picture: FilmStrip) -> dict[str, np.ndarray]:
    parts = {"weights": picture.weights.astype("f4")}
    if picture.uniforms is not None:
        parts["uniforms"] = picture.uniforms.astype("f4")
    if picture.masked is not None:
        parts["masked"] = picture.masked.astype("u1")
    return parts
