"""One picture of any kind to numbers: upright, its grey exact, transparent parts kept apart."""

import numpy as np
from PIL import ExifTags, Image

from phenaki_viz.data.clip import resize_frame
from phenaki_viz.data.damage import DAMAGE
from phenaki_viz.data.limits import ClipLimits
from phenaki_viz.data.reading import Ground

_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")
# Source: Exif 2.32 (CIPA DC-008-2019), tag 0x0112: what turns the stored picture upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SWAPPING = (5, 6, 7, 8)
GROUNDS = {"white": 255, "black": 0}


def orientation_of(image: Image.Image) -> int:
    """How the picture was held, 1 (upright) to 8; 1 too where that cannot be read."""
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (*DAMAGE, UserWarning):  # Pillow warns of tags that it cannot read
        return 1
    return found if found in _TURNS else 1


def pixels(image: Image.Image, orientation: int = 1) -> np.ndarray:
    """'H W c' uint8, upright: grey has 1 channel, colour 3, anything see-through 4."""
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    if image.has_transparency_data:
        rgba = np.asarray(_scaled(image).convert("RGBA"))
        return rgba if (rgba[..., 3] < 255).any() else rgba[..., :3]
    if image.mode in _SIXTEEN_BITS:
        return _eight_bits(image)[..., None]
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))[..., None]
    return np.asarray(image.convert("RGB"))


def see_through(image: Image.Image) -> bool:
    """Whether something of a picture is transparent; a GIF often only says that it may be."""
    return image.has_transparency_data and pixels(image).shape[-1] == 4


def _eight_bits(image: Image.Image) -> np.ndarray:
    """Pillow's own conversion would clip at 255, not scale."""
    deep = np.asarray(image).astype(np.int64)
    return ((deep.clip(0, 65535) + 128) // 257).astype(np.uint8)


def _scaled(image: Image.Image) -> Image.Image:
    """A picture whose transparency Pillow converts: 16 bits become 8, one grey of them clear."""
    if image.mode not in _SIXTEEN_BITS:
        return image
    alpha = np.where(np.asarray(image) == image.info.get("transparency"), 0, 255)
    grey = _eight_bits(image)
    return Image.fromarray(np.dstack((grey, grey, grey, alpha.astype(np.uint8))))


def shrunk(frame: np.ndarray, limits: ClipLimits) -> np.ndarray:
    """A frame 'H W c' uint8 with its longest side within the limit, in the same proportions."""
    height, width = frame.shape[:2]
    factor = limits.side / max(height, width)
    if factor >= 1:
        return frame
    return resize_frame(frame, max(1, round(height * factor)), max(1, round(width * factor)))


def grounded(frames: list[np.ndarray], ground: Ground) -> tuple[list[np.ndarray], str]:
    """Frames without transparency, all on one ground, and which; '' where none was see-through."""
    if not any(frame.shape[-1] == 4 for frame in frames):
        return frames, ""
    chosen = _ground_for(frames) if ground == "auto" else ground
    solid = [_solid(frame, GROUNDS[chosen]) if frame.shape[-1] == 4 else frame for frame in frames]
    return solid, chosen


def _ground_for(frames: list[np.ndarray]) -> str:
    """White under a drawing that is darker than middle grey, black under a lighter one."""
    drawn = light = 0.0
    for frame in frames:
        if frame.shape[-1] == 4:
            alpha = frame[..., 3].astype(np.float32)
            luma = frame[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
            drawn += float(alpha.sum())
            light += float((luma * alpha).sum())
    return "black" if drawn and light / drawn > 127.5 else "white"


def _solid(frame: np.ndarray, ground: int) -> np.ndarray:
    alpha = frame[..., 3:].astype(np.int64)
    mixed = frame[..., :3] * alpha + ground * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)
