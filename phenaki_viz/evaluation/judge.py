"""Reads off a clip which digit it shows and which way it goes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from einops import rearrange

from phenaki_viz.data.digits import DigitClip, MovingDigits
from phenaki_viz.models.cvivit import CViViT

CROP = 24  # pixels a side around the digit's centre
INK = 0.15  # below it a pixel is background
SHOWN_TO_CLASSIFIER = 1200  # clips, and as many reconstructions
FRAMES_OF_EACH = (0, 4, 8)


@dataclass(frozen=True, eq=False)
class Judge:
    """A support vector classifier of digits, and the way of the centre of mass.

    Trained on digits that are not held out, as they are and as C-ViViT rebuilds them, so that it
    does not hold the codebook's blur against a generated clip.
    """

    classifier: Any

    @classmethod
    def trained(
        cls, cvivit: CViViT, data: MovingDigits, count: int = SHOWN_TO_CLASSIFIER
    ) -> "Judge":
        """A judge for clips of `data`, shown `count` of them."""
        from sklearn.svm import SVC  # here: it takes a second to import

        images, labels = [], []
        clips = one_digit_clips(data, count)
        rebuilt = reconstructions(cvivit, clips)
        for clip, again in zip(clips, rebuilt, strict=True):
            for frames in (clip.frames, again):
                for at in FRAMES_OF_EACH:
                    images.append(centred(frames[min(at, len(frames) - 1)]))
                    labels.append(clip.digits[0].digit)
        classifier = SVC(C=10, gamma=0.01)
        classifier.fit(np.stack([image.ravel() for image in images]), labels)
        return cls(classifier)

    def digit(self, frames: np.ndarray) -> int:
        """What most frames show. frames: 'f H W' float32 in 0..1."""
        crops = np.stack([centred(frame).ravel() for frame in frames])
        votes = self.classifier.decision_function(crops).sum(axis=0)
        return int(self.classifier.classes_[votes.argmax()])

    def direction(self, frames: np.ndarray) -> str:
        """left, right, up or down: the larger part of the centre's way."""
        columns, rows = centres(frames).T
        along, down = slope(columns), slope(rows)
        if abs(along) > abs(down):
            return "right" if along > 0 else "left"
        return "down" if down > 0 else "up"

    def accuracy(self, clips: list[DigitClip], frames: np.ndarray) -> tuple[float, float]:
        """Share of clips whose digit and whose direction are read right; one digit each."""
        pairs = list(zip(clips, frames, strict=True))
        digits = [self.digit(shown) == clip.digits[0].digit for clip, shown in pairs]
        ways = [self.direction(shown) == clip.digits[0].direction for clip, shown in pairs]
        return float(np.mean(digits)), float(np.mean(ways))


def one_digit_clips(data: MovingDigits, count: int, first: int = 0) -> list[DigitClip]:
    """The first `count` clips with one digit, from number `first` on."""
    found: list[DigitClip] = []
    number = first
    while len(found) < count:
        clip = data.clip(number)
        number += 1
        if len(clip.digits) == 1:
            found.append(clip)
    return found


def two_digit_clips(data: MovingDigits, count: int, first: int = 0) -> list[DigitClip]:
    """The first `count` clips with two digits that do not touch, from number `first` on."""
    found: list[DigitClip] = []
    number = first
    while len(found) < count:
        clip = data.clip(number)
        number += 1
        if len(clip.digits) == 2 and not (clip.digits[0].covers & clip.digits[1].covers).any():
            found.append(clip)
    return found


def stacked(clips: list[DigitClip]) -> torch.Tensor:
    """Clips for the model, 'b 1 f H W' float32."""
    frames = torch.from_numpy(np.stack([clip.frames for clip in clips]))
    return rearrange(frames, "b f h w -> b 1 f h w")


@torch.inference_mode()
def reconstructions(cvivit: CViViT, clips: list[DigitClip]) -> np.ndarray:
    """What C-ViViT makes of clips, 'b f H W' float32 in 0..1."""
    parts = [
        cvivit(stacked(clips[at : at + 64]), return_recons_only=True)
        for at in range(0, len(clips), 64)
    ]
    return rearrange(torch.cat(parts), "b 1 f h w -> b f h w").clamp(0, 1).numpy()


def centred(frame: np.ndarray) -> np.ndarray:
    """The `CROP` × `CROP` pixels around the centre of the ink; black without ink."""
    ink = np.where(frame > INK, frame, 0)
    if ink.sum() < 3:
        return np.zeros((CROP, CROP), np.float32)
    column, row = np.round(centres(ink[None])[0]).astype(int)
    padded = np.pad(ink, CROP)
    top, left = row + CROP // 2, column + CROP // 2
    return padded[top : top + CROP, left : left + CROP].astype(np.float32)


def centres(frames: np.ndarray) -> np.ndarray:
    """Centre of the ink of each frame as (column, row), 'f 2', in pixels."""
    ink = np.where(frames > INK, frames, 0)
    mass = ink.sum(axis=(1, 2)) + 1e-6
    rows, columns = np.mgrid[: frames.shape[1], : frames.shape[2]]
    across = (ink * columns).sum(axis=(1, 2)) / mass
    down = (ink * rows).sum(axis=(1, 2)) / mass
    return np.stack((across, down), axis=1)


def slope(values: np.ndarray) -> float:
    """Of the straight line through values at 0, 1, 2, …: change a frame."""
    time = np.arange(len(values)) - (len(values) - 1) / 2
    return float(time @ (values - values.mean()) / max(float(time @ time), 1e-9))
