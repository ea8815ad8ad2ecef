"""Arrays (.npy) to frames: which axis is which, and what is black and what is white.

Nothing is unpickled: the header is checked against the bytes that are there, and the values are
read where they lie. Axes and values are guessed only where there is one reading.
"""

import io
import math

import numpy as np
from einops import rearrange

from phenaki_viz.data.damage import damage_means
from phenaki_viz.data.limits import ClipLimits, check_frame
from phenaki_viz.data.pixels import shrunk
from phenaki_viz.data.reading import ChoiceError, Reading, Survey
from phenaki_viz.errors import VideoError

MAGIC = b"\x93NUMPY"
NAMES = {"b": "batch", "c": "channels", "f": "frames", "h": "high", "w": "wide"}
# In the order in which they are offered. A batch is thought of only where no axis can be colour.
ORDERS = {
    2: (("h w",),),
    3: (("f h w", "h w f", "h w c", "c h w"),),
    4: (("f h w c", "f c h w", "c f h w", "h w c f", "h w f c"), ("b f h w", "f b h w")),
    5: (("b f h w c", "b f c h w", "b c f h w"),),
}
LEAST_SIDES = (6, 4, 1)  # pixels a side: small pictures count where there is no larger one
LONGEST_SIDE = 4  # times that a picture may be longer than wide
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class ArrayReel:
    """A film in an array of numbers."""

    def __init__(self, name: str, content: bytes, reading: Reading, limits: ClipLimits) -> None:
        self.name, self.limits = name, limits
        self.array = array_in(name, content)
        self.low, self.high = reading.values or _values(name, self.array)
        self.options = orders_of(self.array.shape)
        self.axes = " ".join(reading.axes.split()) if reading.axes else self._guessed()
        self._check_axes()
        film = self._film(reading)
        check_frame(name, film.shape[2], film.shape[1], 1, limits)
        self.film = film
        self.survey = Survey(
            frames=len(film), width=film.shape[2], height=film.shape[1],
            axes=self.options or (self.axes,), items=self.items, clear=film.shape[3] == 4,
        )  # fmt: skip

    def _guessed(self) -> str:
        if len(self.options) == 1:
            return self.options[0]
        if not self.options:
            raise VideoError(
                f"{self.name} has shape {self.array.shape}; expected frames × height × width, or "
                "frames × height × width × channels with 1 or 3 channels, in any order that leaves "
                "no doubt"
            )
        listed = "; ".join(f"“{order}” is {self._meaning(order)}" for order in self.options)
        raise ChoiceError(
            f"{self.name} has shape {self.array.shape}, which can be read in "
            f"{len(self.options)} ways: say the order of its axes. {listed}",
            "axes",
            {order: self._meaning(order) for order in self.options},
        )

    def _meaning(self, order: str) -> str:
        return meaning_of(order, self.array.shape)

    def _check_axes(self) -> None:
        letters = self.axes.split()
        known = set(letters) <= set(NAMES) and len(set(letters)) == len(letters)
        if not known or len(letters) != self.array.ndim or not {"h", "w"} <= set(letters):
            raise VideoError(
                f"{self.name} has {self.array.ndim} axes of {self.array.shape}; “{self.axes}” does "
                "not name them. Expected one letter each of b c f h w (batch, channels, frames, "
                "height, width), such as “f h w c”"
            )
        channels = dict(zip(letters, self.array.shape, strict=True)).get("c", 1)
        if channels not in (1, 3, 4):
            raise VideoError(
                f"{self.name} has {channels} channels as “{self.axes}”; expected 1, 3 or 4 "
                "(the fourth is opacity)"
            )

    def _film(self, reading: Reading) -> np.ndarray:
        """'f h w c', a view."""
        letters = self.axes.split()
        lacking = [letter for letter in "bfc" if letter not in letters]
        whole = rearrange(
            self.array[(..., *[None] * len(lacking))],
            f"{self.axes} {' '.join(lacking)} -> b f h w c",
        )
        self.items = len(whole)
        if reading.item >= self.items:
            raise VideoError(
                f"{self.name} holds {self.items} clips, counted from 0; there is no {reading.item}"
            )
        self.item = reading.item
        return whole[reading.item]

    def read(self, wanted: range) -> tuple[list[np.ndarray], list[str]]:
        """The frames that are wanted, 'H W c' uint8, and in words how the array was read."""
        taken = self.film[wanted.start : wanted.stop : wanted.step]
        notes = [f"axes read as {self._meaning(self.axes)}"]
        if self.items > 1:
            notes.append(f"clip {self.item} of a batch of {self.items}")
        if (self.low, self.high) != (0, 255):
            notes.append(f"values from {self.low:g} (black) to {self.high:g} (white)")
        return [shrunk(self._bytes(frame), self.limits) for frame in taken], notes

    def _bytes(self, frame: np.ndarray) -> np.ndarray:
        if frame.dtype == np.uint8 and (self.low, self.high) == (0, 255):
            return np.ascontiguousarray(frame)
        share = (frame.astype(np.float64) - self.low) / (self.high - self.low)
        return np.round(share.clip(0, 1) * 255).astype(np.uint8)


def meaning_of(order: str, shape: tuple[int, ...]) -> str:
    """'9 frames × 48 high × 64 wide × 3 channels'."""
    parts = zip(order.split(), shape, strict=True)
    return " × ".join(_spoken(letter, size) for letter, size in parts)


def _spoken(letter: str, size: int) -> str:
    if letter == "b":
        return f"batch of {size}"
    name = NAMES[letter]
    return f"{size} {name[:-1] if size == 1 and letter in 'cf' else name}"


def orders_of(shape: tuple[int, ...]) -> tuple[str, ...]:
    """The orders of axes that make pictures of this shape; of two with equal frames the first."""
    if 0 in shape:
        return ()
    for least in LEAST_SIDES:
        found: list[str] = []
        for orders in ORDERS.get(len(shape), ()):
            if not any(_is_colour(order, shape) for order in found):
                found += [order for order in orders if _fits(order, shape, least)]
        if found:
            first = {_same_frames(order, shape): order for order in reversed(found)}
            return tuple(order for order in found if order in first.values())
    return ()


def _fits(order: str, shape: tuple[int, ...], least: int) -> bool:
    sizes = dict(zip(order.split(), shape, strict=True))
    short, long = sorted((sizes["h"], sizes["w"]))
    channels = sizes.get("c", 1)
    return channels in (1, 3, 4) and short >= least and long <= LONGEST_SIDE * short


def _is_colour(order: str, shape: tuple[int, ...]) -> bool:
    """Whether the channels are surely channels: four of them in front may be something else."""
    at = order.split().index("c")
    return shape[at] in (1, 3) or at == len(shape) - 1


def _same_frames(order: str, shape: tuple[int, ...]) -> str:
    """The order without axes of length 1: what decides the frames."""
    kept = [letter for letter, size in zip(order.split(), shape, strict=True) if size > 1]
    return " ".join(kept)


def array_in(name: str, content: bytes) -> np.ndarray:
    """The numbers of a .npy file where they lie, read-only; nothing is copied or unpickled.

    In the shape and dtype of the file. Raises VideoError where it is no plain array.
    """
    shape, fortran, dtype, start = check_array_header(name, content, len(content))
    with damage_means(f"{name} cannot be read as a plain array"):
        flat = np.frombuffer(content, dtype, math.prod(shape), start)
        return flat.reshape(shape, order="F" if fortran else "C")


def check_array_header(
    name: str, head: bytes, size: int
) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Shape, Fortran order, dtype and first byte of the numbers, once the promise was compared
    with the bytes that are there. head: the beginning of a file of `size` bytes. Raises VideoError
    for objects, for what are no numbers, and for a file that holds fewer than it says.
    """
    stream = io.BytesIO(head)
    with damage_means(f"{name} cannot be read as a plain array: its header is damaged"):
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
        promised = math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise VideoError(f"{name} cannot be read as a plain array; arrays of objects are refused")
    if dtype.kind not in "buif":
        raise VideoError(f"{name} holds {dtype}; expected whole numbers, floats or booleans")
    found = size - stream.tell()
    if min(shape, default=1) < 0 or promised > found:
        raise VideoError(
            f"{name} is incomplete: its header promises {shape} × {dtype}, {promised:,} bytes; "
            f"the file has {found:,}"
        )
    return shape, fortran, dtype, stream.tell()


def _values(name: str, array: np.ndarray) -> tuple[float, float]:
    """What is black and what is white, where the values leave no doubt."""
    if array.size == 0:
        return 0, 255
    if array.dtype.kind == "b":
        return 0, 1
    low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise VideoError(f"{name} holds NaN or infinite values; expected plain numbers")
    slack = 1e-3 if array.dtype.kind == "f" else 0
    # Whole numbers of 0 and 1 only are a mask: as 0 … 255 nothing of it would be seen.
    if low >= -slack and high <= 1 + slack and (high > 0 or array.dtype.kind == "f"):
        return 0, 1
    if -1 - slack <= low < 0 and high <= 1 + slack:
        return -1, 1
    if low >= 0 and high <= 255 and (high >= 128 or _whole(array)):
        return 0, 255
    if array.dtype == np.uint16 and high > 255 and high >= 2**15:
        return 0, 65535
    raise ChoiceError(
        f"{name} holds {array.dtype} from {low:.4g} to {high:.4g}, and what is black and what is "
        "white cannot be told from that: 0 to 1, −1 to 1 and 0 to 255 are known. Say both, such as "
        f"values {low:.4g} {high:.4g}",
        "values",
        {},
    )


def _whole(array: np.ndarray) -> bool:
    return array.dtype.kind in "ui" or bool((np.rint(array) == array).all())
