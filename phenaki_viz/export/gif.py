"""A clip as an animated GIF."""

import io
from collections.abc import Sequence

import numpy as np
from einops import repeat
from PIL import Image

MILLISECONDS = 120
LEAST_SIDE = 192  # small clips are enlarged by a whole factor, sharp


def gif_of(frames: np.ndarray, *, milliseconds: int = MILLISECONDS) -> bytes:
    """The bytes of a looping GIF. frames: 'f H W c' uint8, c is 1 or 3; grey stays exact."""
    _, height, width, channels = frames.shape
    factor = max(1, -(-LEAST_SIDE // max(height, width)))
    large = repeat(frames, "f h w c -> f (h a) (w b) c", a=factor, b=factor)
    images = [Image.fromarray(frame[..., 0] if channels == 1 else frame) for frame in large]
    return looping(images, milliseconds)


def looping(images: Sequence[Image.Image], milliseconds: int, comment: str = "") -> bytes:
    """The bytes of a GIF that shows one image after the other, over and over."""
    out = io.BytesIO()
    images[0].save(
        out,
        format="GIF",
        save_all=True,
        append_images=images[1:],
        duration=milliseconds,
        loop=0,
        optimize=False,
        comment=comment.encode(),
    )
    return out.getvalue()
