"""Moving handwritten digits with captions: as many clips as wanted, each from its number alone."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from phenaki_viz.errors import ConfigError

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
# Share of the free way that a digit goes in one clip.
SPEEDS = {"slowly": 0.27, "quickly": 0.75}
WORDS = (*DIGITS, "moving", *DIRECTIONS, *SPEEDS, "and")
MOST_WORDS = 9  # "three moving left quickly and two moving up slowly"
HELD_OUT = 5  # every fifth handwritten digit is never trained on
GAP = 15  # pixels between the corners of two digits, at least
TRIES = 20  # to keep two digits apart, before they may touch


@dataclass(frozen=True, eq=False)
class MovingDigit:
    """One digit of a clip.

    word, direction_word: where in the caption it is named. covers: 'f H W' bool, its pixels.
    path: 'f 2' int, the top left corner as (row, column), in pixels.
    """

    digit: int
    direction: str
    speed: str
    word: int
    direction_word: int
    path: np.ndarray
    covers: np.ndarray


@dataclass(frozen=True, eq=False)
class DigitClip:
    """frames: 'f H W' float32 in 0..1. caption: what happens, in words of `WORDS`."""

    frames: np.ndarray
    caption: str
    digits: tuple[MovingDigit, ...]


@dataclass(frozen=True, kw_only=True)
class MovingDigits:
    """Clips of one or two handwritten digits (scikit-learn's `load_digits`) on straight ways.

    size: pixels a side. sprite: pixels a side of a digit. two: share of clips with two digits.
    held_out: draw from the digits that training never sees. Clip number i of a seed is always
    the same, whatever was drawn before. Raises ConfigError when digits do not fit the frame.
    """

    seed: int = 0
    size: int = 48
    frames: int = 9
    sprite: int = 20
    two: float = 0.4
    held_out: bool = False

    def __post_init__(self) -> None:
        if not 8 <= self.sprite < self.size <= 512 or not 1 <= self.frames <= 257:
            raise ConfigError(
                f"digits of {self.sprite} pixels in {self.frames} frames of {self.size}: use "
                "digits of 8 pixels or more, larger frames up to 512, and 1 to 257 of them"
            )
        if not 0 <= self.two <= 1 or self.seed < 0:
            raise ConfigError(f"seed {self.seed} and a share of {self.two}: use 0 or more, 0 to 1")

    def clip(self, number: int) -> DigitClip:
        """Clip number `number`, from 0."""
        rng = np.random.default_rng([self.seed, int(self.held_out), number])
        count = 2 if rng.random() < self.two else 1
        frames = np.zeros((self.frames, self.size, self.size), np.float32)
        words: list[str] = []
        placed: list[MovingDigit] = []
        for _ in range(count):
            words += ["and"] if placed else []
            digit, drawn = self._place(rng, placed, len(words))
            words += [DIGITS[digit.digit], "moving", digit.direction]
            words += [digit.speed] if rng.random() < 0.5 else []
            placed.append(digit)
            frames = np.maximum(frames, drawn)
        return DigitClip(frames, " ".join(words), tuple(placed))

    def batch(self, first: int, count: int) -> tuple[np.ndarray, list[str]]:
        """Clips first … first + count − 1: frames 'b f H W' float32, and captions."""
        clips = [self.clip(first + at) for at in range(count)]
        return np.stack([clip.frames for clip in clips]), [clip.caption for clip in clips]

    def _place(
        self, rng: np.random.Generator, others: list[MovingDigit], word: int
    ) -> tuple[MovingDigit, np.ndarray]:
        """A digit on its way, unlike the others and apart from them if that can be had."""
        images, labels = _handwritten(self.sprite, self.held_out)
        for _ in range(TRIES):
            at = int(rng.integers(len(labels)))
            direction = list(DIRECTIONS)[rng.integers(4)]
            speed = list(SPEEDS)[rng.integers(2)]
            path = self._path(rng, direction, speed)
            same = any(other.digit == labels[at] for other in others)
            if not same and all(_apart(path, other.path) for other in others):
                break
        drawn = np.zeros((self.frames, self.size, self.size), np.float32)
        for frame, (row, column) in enumerate(path):
            drawn[frame, row : row + self.sprite, column : column + self.sprite] = images[at]
        digit = MovingDigit(
            digit=int(labels[at]),
            direction=direction,
            speed=speed,
            word=word,
            direction_word=word + 2,
            path=path,
            covers=drawn > 0.2,
        )
        return digit, drawn

    def _path(self, rng: np.random.Generator, direction: str, speed: str) -> np.ndarray:
        room = self.size - self.sprite
        way = SPEEDS[speed] * room
        share = np.linspace(0, 1, self.frames)
        corners = []
        for sign in DIRECTIONS[direction]:
            start = rng.uniform(way if sign < 0 else 0, room - way if sign > 0 else room)
            corners.append(np.round(start + sign * way * share).astype(int))
        columns, rows = corners
        return np.stack((rows, columns), axis=1)


def _apart(path: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(path - other).max(axis=1).min() >= GAP)


@cache
def _handwritten(side: int, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """The digits as images 'n side side' float32 in 0..1, and what they are, 'n' int."""
    from sklearn.datasets import load_digits  # here: it takes a second, and only training needs it

    data = load_digits()
    kept = (np.arange(len(data.target)) % HELD_OUT == 0) == held_out
    images = [_enlarge(image, side) for image in data.images[kept]]
    return np.stack(images), data.target[kept]


def _enlarge(image: np.ndarray, side: int) -> np.ndarray:
    """An 8 × 8 digit (0 … 16) at `side` pixels, ink made firmer."""
    small = Image.fromarray((image / 16 * 255).astype(np.uint8))
    large = np.asarray(small.resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255
    return np.clip((large - 0.15) * 1.6, 0, 1)


def other_words(text: str) -> str:
    """The text with its first digit, else its first direction, exchanged for another one.

    As many words, so that both texts can be laid on each other; other texts are turned round.
    """
    words = text.split()
    for known in (DIGITS, tuple(DIRECTIONS)):
        for at, word in enumerate(words):
            if word in known:
                words[at] = known[(known.index(word) + 3) % len(known)]
                return " ".join(words)
    return " ".join(reversed(words))
