"""A clip: frames as they are shown and as the model sees them, with what was done to them."""

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from einops import rearrange, repeat
from PIL import Image

from phenaki_viz.errors import VideoError


@dataclass(frozen=True)
class Clip:
    """frames: 'f H W c' uint8, c is 1 or 3. name: of the file. notes: what was done, in words.

    The frames are a read-only copy: sessions share clips, and the digest is taken once. Clips are
    equal when their frames and all that is said of them are: the same film under another name is
    another clip.
    """

    frames: np.ndarray = field(compare=False)  # the digest stands for them
    name: str
    notes: tuple[str, ...] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        frames = self.frames
        if frames.ndim != 4 or frames.shape[-1] not in (1, 3) or frames.dtype != np.uint8:
            raise VideoError(
                f"{self.name}: frames must be uint8 'f H W c' with 1 or 3 channels, "
                f"got {frames.dtype} {frames.shape}"
            )
        if 0 in frames.shape:
            raise VideoError(f"{self.name} has no frames: {frames.shape}")
        shape = repr(frames.shape).encode()
        content = np.ascontiguousarray(frames).data
        digest = hashlib.sha256(shape + bytes(content)).hexdigest()[:12]
        object.__setattr__(self, "digest", digest)
        object.__setattr__(self, "frames", _read_only(frames))

    def noting(self, *notes: str) -> "Clip":
        """The same clip with further notes."""
        return replace(self, notes=(*self.notes, *notes))


def _read_only(frames: np.ndarray) -> np.ndarray:
    frames = np.array(frames, order="C")
    frames.setflags(write=False)
    return frames


def as_rgb(clip: Clip) -> np.ndarray:
    """Frames for display: 'f H W 3' uint8."""
    if clip.frames.shape[-1] == 3:
        return clip.frames
    return repeat(clip.frames, "f h w 1 -> f h w 3")


def to_tensor(clip: Clip, channels: int = 3) -> torch.Tensor:
    """Frames for the model: '1 c f H W' float32 in 0..1. channels: 1 (luma) or 3."""
    if channels not in (1, 3):
        raise VideoError(f"a clip becomes 1 or 3 channels, got {channels}")
    frames = as_rgb(clip) if channels == 3 else _luma(clip.frames)
    return torch.from_numpy(rearrange(frames, "f h w c -> 1 c f h w") / np.float32(255))


def _luma(frames: np.ndarray) -> np.ndarray:
    if frames.shape[-1] == 1:
        return frames
    weights = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"
    return np.round(frames @ weights).astype(np.uint8)[..., None]


def fit_clip(clip: Clip, *, height: int, width: int, frames: int, start: int = 0) -> Clip:
    """Crop the centre to the wanted shape, resize, and take `frames` frames from `start`.

    Every change is noted in words. Raises VideoError when there are too few frames.
    """
    found = len(clip.frames)
    if start < 0 or start + frames > found:
        raise VideoError(
            f"{clip.name} has {found} frames; {frames} from frame {start} are asked: "
            "use fewer frames"
        )
    taken = clip.frames[start : start + frames]
    notes = []
    if frames < found:
        notes.append(f"{frames} of {found} frames are used, from frame {start}")
    cropped = _centre(taken, height, width)
    if cropped.shape != taken.shape:
        notes.append(f"{_size(taken)} cropped at the centre to {_size(cropped)}")
    resized = _resize(cropped, height, width)
    if resized.shape != cropped.shape:
        notes.append(f"{_size(cropped)} resized to {_size(resized)}")
    return Clip(resized, clip.name, (*clip.notes, *notes))


def _centre(frames: np.ndarray, height: int, width: int) -> np.ndarray:
    """The largest centred rectangle with the wanted proportions."""
    _, h, w, _ = frames.shape
    crop_h = min(h, max(1, round(w * height / width)))
    crop_w = min(w, max(1, round(h * width / height)))
    top, left = (h - crop_h) // 2, (w - crop_w) // 2
    return frames[:, top : top + crop_h, left : left + crop_w]


def _resize(frames: np.ndarray, height: int, width: int) -> np.ndarray:
    if frames.shape[1:3] == (height, width):
        return frames
    return np.stack([resize_frame(frame, height, width) for frame in frames])


def resize_frame(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """One frame 'H W c' uint8, antialiased (bicubic)."""
    image = Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame)
    small = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return small[..., None] if frame.shape[-1] == 1 else small


def _size(frames: np.ndarray) -> str:
    return f"{frames.shape[2]}×{frames.shape[1]}"
