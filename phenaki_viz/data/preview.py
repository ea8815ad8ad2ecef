"""What of a clip the model sees, small: where its frames are cropped, and the frames themselves."""

from io import BytesIO

import numpy as np
from PIL import Image

from phenaki_viz.data.clip import Clip, as_rgb, crop_box, resize_frame

TILES, ACROSS, TILE, GAP = 12, 5, 48, 3  # frames at most, and in a row; pixels of one, and between
WIDEST = 280  # pixels of the frame that shows the crop
OUTSIDE = 0.35  # brightness of what is cropped away


def crop_shown(clip: Clip, height: int, width: int) -> np.ndarray:
    """The first frame, dark where it is cropped away: 'H W 3' uint8, its longer side 280 pixels.

    height, width: of the frames that the model sees.
    """
    frame = as_rgb(clip)[0]
    factor = WIDEST / max(frame.shape[:2])
    high, wide = (max(1, round(side * factor)) for side in frame.shape[:2])
    frame = resize_frame(frame, high, wide)
    left, top, w, h = crop_box(wide, high, width, height, clip.crop)
    dark = (frame * OUTSIDE).astype(np.uint8)
    dark[top : top + h, left : left + w] = frame[top : top + h, left : left + w]
    return dark


def contact_sheet(clip: Clip) -> np.ndarray:
    """Frames side by side in rows of five, at most twelve, spread over the clip: 'H W 4' uint8.

    Each is 48 pixels wide; clear between them.
    """
    frames = as_rgb(clip)
    shown = np.linspace(0, len(frames) - 1, min(TILES, len(frames))).round().astype(int)
    high = max(1, round(TILE * frames.shape[1] / frames.shape[2]))
    tiles = [resize_frame(frames[at], high, TILE) for at in np.unique(shown)]
    across = min(len(tiles), ACROSS)
    rows = -(-len(tiles) // across)
    sheet = np.zeros((rows * (high + GAP) - GAP, across * (TILE + GAP) - GAP, 4), np.uint8)
    for at, tile in enumerate(tiles):
        top, left = at // across * (high + GAP), at % across * (TILE + GAP)
        sheet[top : top + high, left : left + TILE, :3] = tile
        sheet[top : top + high, left : left + TILE, 3] = 255
    return sheet


def png_bytes(pixels: np.ndarray) -> bytes:
    """A picture 'H W 3' or 'H W 4' uint8 as a PNG file."""
    content = BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()
