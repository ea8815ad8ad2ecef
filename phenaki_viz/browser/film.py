"""The frames of a film strip for the browser: sent once, apart from the weights over them."""

from typing import TypedDict
from zlib import crc32

import numpy as np
from PIL import Image

from phenaki_viz.browser.packing import pack

LARGEST = 160  # pixels a side that are sent; a frame is shown about as large


class FilmName(TypedDict):
    """How panels name frames. name: of the strip that they were sent for, with an ending. of: a
    checksum of the pixels.
    """

    name: str
    of: int


def film_name(key: str, pixels: np.ndarray) -> FilmName:
    """How panels name the frames of the strip `key`. pixels: see `small_frames`."""
    return {"name": f"{key}.film", "of": crc32(pixels.data)}


def film_message(key: str, pixels: np.ndarray) -> bytes:
    """The message that offers frames to the strip `key`, for the panel `shared`.

    pixels: see `small_frames`.
    """
    film = film_name(key, pixels)
    header = {"id": film["name"], **film, "shape": pixels.shape}
    return pack(header, frames=pixels)


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
