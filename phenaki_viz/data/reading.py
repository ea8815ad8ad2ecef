"""How a file is read where there is a choice, and what a look at its headers says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from phenaki_viz.errors import VideoError

Ground = Literal["auto", "white", "black"]
# Beyond this no film of the size limits reaches; it keeps sums of frames small whole numbers.
MOST = 10**9


class ChoiceError(VideoError):
    """A file that can be read in several ways.

    choice: the field of a `Reading` that decides. options: what it may be, as far as that can be
    listed, each with what it would mean.
    """

    def __init__(self, message: str, choice: str, options: Mapping[str, str]) -> None:
        super().__init__(message)
        self.choice, self.options = choice, dict(options)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Which frames of a file are read, and as what.

    start: first frame, counted from 0. stride: every how many-th is taken. frames: how many, None
    for as many as the limits allow. part: which film of a ZIP, folder or .npz, by its name. item:
    which clip of a batch of arrays. axes: their order in an array, letters of 'b c f h w' for
    batch, channels, frames, height and width, such as 'f h w c'; None to go by the shape. values:
    what is black and what is white in an array; None to go by its values. ground: what lies behind
    transparent parts; 'auto' is the one that the drawing stands out from. held: a frame that is
    shown k times as long as the shortest counts k times, as writers merge equal frames.
    """

    start: int = 0
    stride: int = 1
    frames: int | None = None
    part: str | None = None
    item: int = 0
    axes: str | None = None
    values: tuple[float, float] | None = None
    ground: Ground = "auto"
    held: bool = True

    def __post_init__(self) -> None:
        least = {"start": 0, "stride": 1, "item": 0} | (
            {} if self.frames is None else {"frames": 1}
        )
        for name, low in least.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= MOST:
                raise VideoError(f"{name} is {value!r}; expected a whole number from {low} on")
        if self.ground not in get_args(Ground):
            raise VideoError(f"ground is {self.ground!r}; expected auto, white or black")
        if self.values is not None and not _apart(self.values):
            raise VideoError(
                f"values is {self.values!r}; expected black and white, two different numbers"
            )


def _apart(values: tuple[float, float]) -> bool:
    return (
        len(values) == 2
        and all(isinstance(value, int | float) and abs(value) < 1e12 for value in values)
        and values[0] != values[1]
    )


AS_IT_IS = Reading()


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a file says of itself before a frame is decoded.

    frames: that it has, as its headers count them. width, height: as a viewer shows them. rate:
    frames a second, None where it has none. parts: films of a ZIP, folder or .npz, () for a single
    film, of which `part` was taken. axes: orders that an array's shape allows, () for anything
    else. items: clips of a batch. uneven: frames are held for different times. merged: some for
    whole multiples of the shortest. clear: there may be transparent parts.
    """

    frames: int
    width: int
    height: int
    rate: float | None = None
    parts: tuple[str, ...] = ()
    part: str | None = None
    axes: tuple[str, ...] = ()
    items: int = 1
    uneven: bool = False
    merged: bool = False
    clear: bool = False


class Reel(Protocol):
    """An opened file: what it says of itself, and its frames."""

    survey: Survey

    def read(self, wanted: range) -> tuple[list[np.ndarray], list[str]]:
        """The frames that are wanted, by their numbers, and what to know of them, in words.

        Each 'H W c' uint8 with 1, 3 or 4 (alpha) channels.
        """
        ...
