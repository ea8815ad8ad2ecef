"""A clip: frames as they are shown and as the model sees them, with what was done to them."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from einops import rearrange, repeat
from PIL import Image

from phenaki_viz.errors import VideoError

CENTRE = (0.5, 0.5)


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """Which frames of a film a clip holds.

    of: frames that the film has. start: the first one taken, counted from 0. stride: every how
    many-th is taken. rate: of the film, frames a second, None where it has none.
    """

    of: int
    start: int = 0
    stride: int = 1
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.of < 1 or self.start < 0 or self.stride < 1:
            raise VideoError(
                f"frames of a film start at 0 or later and lie 1 or more apart; asked are start "
                f"{self.start} and stride {self.stride} of {self.of} frames"
            )

    def within(self, start: int, stride: int) -> "Excerpt":
        """The excerpt that every `stride`-th frame of this one is, from its frame `start` on."""
        return replace(self, start=self.start + start * self.stride, stride=self.stride * stride)

    def spoken(self, frames: int) -> str:
        """'frames 30–54 of 240, every 3rd, 10 a second (30 in the file)'."""
        last = self.start + (frames - 1) * self.stride
        which = f"frame {self.start}" if frames == 1 else f"frames {self.start}–{last}"
        text = f"{which} of {self.of}" if frames < self.of else f"all {frames} frames"
        if frames == self.of == 1:
            text = "its one frame"
        if self.stride > 1 and frames > 1:
            text += f", every {ordinal(self.stride)}"
        return text + self._rate_spoken(frames)

    def _rate_spoken(self, frames: int) -> str:
        if self.rate is None or frames == 1:
            return ""
        taken = f", {self.rate / self.stride:.3g} a second"
        return taken if self.stride == 1 else f"{taken} ({self.rate:.3g} in the file)"


def ordinal(number: int) -> str:
    """'1st', '2nd', '3rd', '4th', '11th'."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


@dataclass(frozen=True)
class Clip:
    """frames: 'f H W c' uint8, c is 1 or 3. name: of the file. notes: what was done, in words.

    excerpt: which frames of the film these are; None for all of them. crop: where the part lies
    that is kept when proportions do not fit, across and down, 0 (left, top) to 1.
    The frames are a read-only copy: sessions share clips, and the digest is taken once. Clips are
    equal when their frames and all that is said of them are: the same film under another name is
    another clip.
    """

    frames: np.ndarray = field(compare=False)  # the digest stands for them
    name: str
    notes: tuple[str, ...] = ()
    excerpt: Excerpt = None  # type: ignore[assignment]  # all frames, set below
    crop: tuple[float, float] = CENTRE
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
        if len(self.crop) != 2 or not all(0 <= part <= 1 for part in self.crop):
            raise VideoError(f"a crop lies between 0 and 1 across and down, got {self.crop}")
        if self.excerpt is None:
            object.__setattr__(self, "excerpt", Excerpt(of=len(frames)))
        shape = repr(frames.shape).encode()
        content = np.ascontiguousarray(frames).data
        digest = hashlib.sha256(shape + bytes(content)).hexdigest()[:12]
        object.__setattr__(self, "digest", digest)
        object.__setattr__(self, "frames", _read_only(frames))

    @property
    def facts(self) -> dict[str, Any]:
        """What a recording keeps of where its frames come from, as plain data."""
        return {
            "clip": self.name,
            "clip_digest": self.digest,
            "clip_frames": asdict(self.excerpt) | {"frames": len(self.frames)},
            "clip_crop": list(self.crop),
            "clip_notes": list(self.notes),
        }

    def noting(self, *notes: str) -> "Clip":
        """A clip of these frames with further notes."""
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
    """Frames for the model: '1 c f H W' float32 in 0..1.

    channels: 1 (luma) or 3. Raises VideoError for any other number.
    """
    if channels not in (1, 3):
        raise VideoError(f"a clip becomes 1 or 3 channels, got {channels}")
    frames = as_rgb(clip) if channels == 3 else _luma(clip.frames)
    return torch.from_numpy(rearrange(frames, "f h w c -> 1 c f h w") / np.float32(255))


def _luma(frames: np.ndarray) -> np.ndarray:
    if frames.shape[-1] == 1:
        return frames
    weights = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"
    return np.round(frames @ weights).astype(np.uint8)[..., None]


def clip_from_facts(frames: np.ndarray, name: str, facts: Mapping[str, Any]) -> Clip:
    """A clip out of a recording. facts: see `Clip.facts`; older recordings have fewer of them.

    Raises VideoError when they are not what `Clip.facts` writes.
    """
    notes, kept = facts.get("clip_notes", []), facts.get("clip_frames")
    crop = facts.get("clip_crop", CENTRE)
    try:
        if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
            raise TypeError("notes that are no list of words")
        excerpt = Excerpt(of=len(frames))
        if kept is not None:
            whole = {name: int(kept[name]) for name in ("of", "start", "stride")}
            excerpt = Excerpt(**whole, rate=None if kept["rate"] is None else float(kept["rate"]))
        return Clip(frames, name, tuple(notes), excerpt, (float(crop[0]), float(crop[1])))
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, VideoError):
            raise
        raise VideoError(f"what is kept of the clip cannot be read ({error!r})") from error


def picked(clip: Clip, *, start: int = 0, stride: int = 1) -> Clip:
    """Every `stride`-th frame from `start` on. Raises VideoError when there is none."""
    if start == 0 and stride == 1:
        return clip
    if start < 0 or stride < 1 or start >= len(clip.frames):
        raise VideoError(
            f"{clip.name} has {len(clip.frames)} frames, counted from 0; asked is frame {start} "
            f"and every {stride} after it: start between 0 and {len(clip.frames) - 1}"
        )
    return replace(
        clip, frames=clip.frames[start::stride], excerpt=clip.excerpt.within(start, stride)
    )


def fit_clip(
    clip: Clip, *, height: int, width: int, frames: int, start: int = 0, stride: int = 1
) -> Clip:
    """Take `frames` frames, every `stride`-th from `start`; crop at `clip.crop`, and resize.

    Every change is noted in words. Raises VideoError when there are too few frames.
    """
    found = len(clip.frames)
    if start < 0 or frames < 1 or stride < 1 or start + (frames - 1) * stride >= found:
        of = "" if clip.excerpt.of == found else f" of the {clip.excerpt.of} in the file"
        apart = "" if stride == 1 else f", every {ordinal(stride)},"
        raise VideoError(
            f"{clip.name} has {found} frames{of}; {frames}{apart} from frame {start} are asked: "
            "use fewer frames, a smaller stride or an earlier start"
        )
    taken = clip.frames[start : start + (frames - 1) * stride + 1 : stride]
    excerpt = clip.excerpt.within(start, stride)
    notes = []
    if frames < excerpt.of:
        notes.append(excerpt.spoken(frames))
    left, top, wide, high = crop_box(taken.shape[2], taken.shape[1], width, height, clip.crop)
    cropped = taken[:, top : top + high, left : left + wide]
    if cropped.shape != taken.shape:
        cut = {"across": wide < taken.shape[2], "down": high < taken.shape[1]}
        where = crop_spoken(clip.crop, **cut)
        notes.append(f"{_size(taken)} cropped to {_size(cropped)}, {where}")
    resized = _resize(cropped, height, width)
    if resized.shape != cropped.shape:
        notes.append(f"{_size(cropped)} resized to {_size(resized)}")
    return replace(clip, frames=resized, notes=(*clip.notes, *notes), excerpt=excerpt)


def crop_spoken(crop: tuple[float, float], *, across: bool, down: bool) -> str:
    """'at the centre', 'at the left', '20% from the top'. across, down: where something is cut."""
    ways = [(crop[0], "left", "right")] if across else []
    ways += [(crop[1], "top", "bottom")] if down else []
    sides = []
    for part, low, high in ways:
        if part in (0, 1):
            sides.append(f"at the {high if part else low}")
        elif part != 0.5:
            sides.append(f"{part:.0%} from the {low}")
    return " and ".join(sides) or "at the centre"


def crop_box(
    w: int, h: int, width: int, height: int, crop: tuple[float, float] = CENTRE
) -> tuple[int, int, int, int]:
    """Left, top, width and height of the largest part of w × h with proportions width : height.

    crop: where it lies, 0 (left, top) to 1, across and down.
    """
    high = min(h, max(1, round(w * height / width)))
    wide = min(w, max(1, round(h * width / height)))
    across, down = crop  # halves go left and up
    return math.ceil((w - wide) * across - 0.5), math.ceil((h - high) * down - 0.5), wide, high


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
