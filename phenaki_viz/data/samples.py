"""The clips that come with the project, in `assets/`."""

from pathlib import Path

from phenaki_viz.data.clip import Clip
from phenaki_viz.data.decode import load_clip
from phenaki_viz.errors import VideoError
from phenaki_viz.home import ASSETS

SHIPPED_MODEL = ASSETS / "phenaki_digits.safetensors"
# Held-out digits, numbers of `MovingDigits(seed=7, held_out=True)`: never seen in training.
DIGIT_CLIPS = {
    24: "two moving right quickly",
    33: "three moving down quickly",
    19: "eight moving left quickly",
    2: "zero moving up quickly",
    14: "seven moving right",
    13: "nine moving right slowly",
    37: "five moving up slowly",
    11: "six moving right slowly",
    58: "one moving right",
    30: "four moving right quickly",
    26: "two moving left quickly and four moving right slowly",
    57: "nine moving up quickly and three moving down",
    23: "six moving left and seven moving right quickly",
}
SAMPLES = {"moving_digits": "Two moving digits", "one_digit": "One moving digit"}


def sample_clip(name: str = "moving_digits") -> Clip:
    """A shipped clip: 17 grey frames of 128×128. Raises VideoError when it is not there."""
    path = ASSETS / f"{name}.gif"
    if name not in SAMPLES or not path.is_file():
        known = ", ".join(SAMPLES)
        raise VideoError(f"no sample clip {name!r} in {ASSETS}; there should be {known}")
    clip = load_clip(path)
    return Clip(clip.frames, SAMPLES[name])


def digit_clip_file(caption: str) -> Path:
    """Where the clip with this caption lies."""
    return ASSETS / "digits" / f"{caption.replace(' ', '_')}.gif"


def digit_clip(caption: str) -> Clip:
    """A held-out clip of `DIGIT_CLIPS`: 9 grey frames of 48×48. Raises VideoError."""
    path = digit_clip_file(caption)
    if caption not in DIGIT_CLIPS.values() or not path.is_file():
        raise VideoError(f"no digit clip {caption!r} in {ASSETS / 'digits'}: run `make clips`")
    return Clip(load_clip(path).frames, caption)


def shipped_clip(title: str) -> Clip:
    """A clip that comes with the project, by what it is called. Raises VideoError."""
    names = {shown: name for name, shown in SAMPLES.items()}
    if title in SAMPLES or title in names:
        return sample_clip(names.get(title, title))
    if title not in DIGIT_CLIPS.values():
        known = ", ".join((*names, *DIGIT_CLIPS.values()))
        raise VideoError(f"no clip {title[:80]!r} comes with the project; there are {known}")
    return digit_clip(title)
