"""Clips of moving digits that no file holds: each made anew from its number, wherever it is read.

They are drawn with handwriting that training never sees. Where their digits are is known.
"""

import re
from functools import cache

import numpy as np

from phenaki_viz.data.clip import Clip
from phenaki_viz.data.digits import DigitClip, MovingDigits

NAMED = re.compile(r"generated digits (\d{1,9}) #(\d{1,9})")
MOST = 10**9  # seeds and numbers below this


def generated_name(seed: int, number: int) -> str:
    """'generated digits 7 #24': clip 24 of seed 7."""
    return f"generated digits {seed} #{number}"


def is_generated(name: str) -> bool:
    """Whether a clip's name says how it is made."""
    return NAMED.fullmatch(name) is not None


def generated_clip(name: str) -> tuple[Clip, str]:
    """The clip of a name as `generated_name` gives it, and its caption: 9 frames of 48 × 48."""
    drawn = drawn_digits(name)
    frames = np.round(drawn.frames * 255).astype(np.uint8)[..., None]
    return Clip(frames, name), drawn.caption


@cache
def _digits(seed: int) -> MovingDigits:
    return MovingDigits(seed=seed, held_out=True)


def drawn_digits(name: str) -> DigitClip:
    """What the name stands for, with the way of every digit. Raises ValueError of another name."""
    found = NAMED.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} names no generated clip")
    return _digits(int(found[1])).clip(int(found[2]))


def middles(drawn: DigitClip) -> list[np.ndarray]:
    """The middle of every digit in every frame: 'f 2' float each, row and column in pixels."""
    side = MovingDigits.sprite
    return [digit.path + side / 2 for digit in drawn.digits]
